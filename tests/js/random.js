// The same examples in every run.

/** Return a generator of numbers in [0, 1) from a seed (mulberry32). */
export function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Call a check with many examples, and name the one that fails. */
export function forAll(draw, check, examples = 2000) {
  const random = generator(1);
  for (let number = 0; number < examples; number += 1) {
    const example = draw(random);
    try {
      check(example);
    } catch (error) {
      error.message = `${JSON.stringify(example)}: ${error.message}`;
      throw error;
    }
  }
}
