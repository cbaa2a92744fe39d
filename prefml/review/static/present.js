// Narrow values that are there although their type allows null.

/**
 * Return a value that must be there.
 *
 * @template Value
 * @param {Value} value
 * @param {string} name what is missing otherwise, for the error
 * @returns {NonNullable<Value>}
 * @throws {TypeError} if it is null or undefined: a fault of the page
 */
export function present(value, name) {
  if (value === null || value === undefined) throw new TypeError(`no ${name}`);
  return value;
}
