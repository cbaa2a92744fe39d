// The types of the page against what the server describes and what the template holds.

import "./page.js";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "node:test";
import ts from "typescript";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const PATH = here("types.d.ts");
const program = ts.createProgram([PATH], { strict: true, exactOptionalPropertyTypes: true, target: ts.ScriptTarget.ES2022, types: [] });
const checker = program.getTypeChecker();
const declared = new Map(program.getSourceFile(PATH).statements.map((node) => [node.name.text, checker.getTypeAtLocation(node.name)]));
// A Python that has prefml.
const PYTHON = process.env.PYTHON ?? here("../../.venv/bin/python");
const openapi = JSON.parse(execFileSync(PYTHON, [here("describe.py")], { encoding: "utf8" }));
const AUTOMATION = "/api/automation/";

const union = (texts) => [...new Set(texts)].sort().join(" | ");
const fields = (entries) => `{ ${entries.sort().join("; ")} }`;

/** Write a type of TypeScript in a form that does not depend on names or order. */
function ofType(type) {
  if (type.flags & ts.TypeFlags.Boolean) return "boolean";
  if (type.isUnion()) return union(type.types.map(ofType)).replace("false | true", "boolean");
  if (type.isStringLiteral()) return JSON.stringify(type.value);
  if (checker.isTupleType(type)) return `[${checker.getTypeArguments(type).map(ofType).join(", ")}]`;
  if (checker.isArrayType(type)) return `(${ofType(checker.getTypeArguments(type)[0])})[]`;
  const index = type.getStringIndexType();
  if (index) return `{ [name]: ${ofType(index)} }`;
  if (!(type.flags & ts.TypeFlags.Object)) return checker.typeToString(type);
  return fields(type.getProperties().map((property) => {
    const optional = property.flags & ts.SymbolFlags.Optional ? "?" : "";
    return `${property.name}${optional}: ${ofType(checker.getTypeOfSymbol(property))}`;
  }));
}

const resolve = (schema) => (schema.$ref ? resolve(schema.$ref.slice(2).split("/").reduce((at, name) => at[name], openapi)) : schema);

const KINDS = { integer: "number", number: "number", string: "string", boolean: "boolean", null: "null" };

/** Write a schema of OpenAPI in the same form. */
function ofSchema(reference) {
  const schema = resolve(reference);
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
  if (schema.anyOf) return union(schema.anyOf.map(ofSchema));
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => ofSchema({ ...schema, type })));
  if (schema.prefixItems) return `[${schema.prefixItems.map(ofSchema).join(", ")}]`;
  if (schema.type === "array") {
    const item = ofSchema(schema.items);
    return schema.minItems === 4 && schema.maxItems === 4 ? `[${Array(4).fill(item).join(", ")}]` : `(${item})[]`;
  }
  if (schema.type !== "object") return KINDS[schema.type];
  if (!schema.properties) return `{ [name]: ${ofSchema(schema.additionalProperties)} }`;
  const required = schema.required ?? [];
  return fields(Object.entries(schema.properties).map(([name, value]) => `${name}${required.includes(name) ? "" : "?"}: ${ofSchema(value)}`));
}

const routes = (method) => Object.entries(openapi.paths)
  .filter(([path, methods]) => path.startsWith(AUTOMATION) && methods[method])
  .map(([path, methods]) => [path.slice(AUTOMATION.length), methods[method]]);

const propertyOf = (type, name) => checker.getTypeOfSymbol(type.getProperty(name));
const names = (type) => type.getProperties().map((property) => property.name);
const contentOf = (reference) => resolve(reference).content["application/json"].schema;
const answerOf = (route) => contentOf(route.responses["200"]);

test("a refusal and the sizes of pictures are what the server describes", () => {
  for (const [path, route] of [...routes("get"), ...routes("post")]) {
    for (const [status, response] of Object.entries(route.responses)) {
      if (status !== "200") assert.equal(ofType(declared.get(status === "409" ? "Stale" : "Failure")), ofSchema(contentOf(response)), `${path} ${status}`);
    }
    const size = (route.parameters ?? []).map(resolve).find((parameter) => parameter.name === "picture");
    if (size) assert.equal(ofType(declared.get("PictureSize")), ofSchema(size.schema), path);
  }
});

for (const [table, method] of [["Reads", "get"], ["Writes", "post"]]) {
  test(`${table} has every ${method} route with the answer that the server describes`, () => {
    assert.deepEqual(names(declared.get(table)).sort(), routes(method).map(([path]) => path).sort());
    for (const [path, route] of routes(method)) {
      assert.equal(ofType(propertyOf(propertyOf(declared.get(table), path), "answer")), ofSchema(answerOf(route)), path);
    }
  });
}

test("the page asks with parameters that the server knows", () => {
  for (const [path, { parameters = [] }] of routes("get")) {
    const known = parameters.map((parameter) => resolve(parameter).name);
    for (const name of names(propertyOf(propertyOf(declared.get("Reads"), path), "parameters"))) assert.ok(known.includes(name), `${path} ${name}`);
  }
});

test("the page sends fields that the server knows, and those that it requires", () => {
  for (const [path, route] of routes("post")) {
    const schema = resolve(contentOf(route.requestBody));
    const body = propertyOf(propertyOf(declared.get("Writes"), path), "body");
    assert.deepEqual(names(body).sort(), Object.keys(schema.properties).sort(), path);
    const needed = body.getProperties().filter((property) => !(property.flags & ts.SymbolFlags.Optional));
    assert.deepEqual(needed.map((property) => property.name).sort(), [...(schema.required ?? [])].sort(), path);
  }
});

test("what was on the page has the fields that the server knows", () => {
  const [, decide] = routes("post").find(([path]) => path === "decide");
  const { shown } = resolve(contentOf(decide.requestBody)).properties;
  assert.deepEqual(names(declared.get("Shown")).sort(), Object.keys(resolve(shown).properties).sort());
});

test("every element that the page looks up is in the template, and of its type", () => {
  const elements = declared.get("Elements").getProperties();
  assert.ok(elements.length > 30);
  for (const property of elements) {
    const type = checker.typeToString(checker.getTypeOfSymbol(property));
    assert.equal(document.getElementById(property.name)?.constructor.name, type, property.name);
  }
});
