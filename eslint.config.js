import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

const faults = {
  "array-callback-return": "error",
  "eqeqeq": "error",
  "no-constructor-return": "error",
  "no-implicit-coercion": "error",
  "no-param-reassign": "error",
  "no-promise-executor-return": "error",
  "no-self-compare": "error",
  "no-shadow": "error",
  "no-template-curly-in-string": "error",
  "no-unmodified-loop-condition": "error",
  "no-unreachable-loop": "error",
  "no-var": "error",
  "prefer-const": "error",
};

const GLOBALS = ["URL", "document", "localStorage", "performance", "process", "sessionStorage", "setTimeout", "structuredClone", "window"];

export default defineConfig([
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["prefml/review/static/*.js"],
    extends: [js.configs.recommended, ts.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: "tsconfig.json" } },
    rules: {
      ...faults,
      // tsc knows every name.
      "no-undef": "off",
      // `return showStatus(...)` ends a function that has nothing to tell.
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  {
    files: ["tests/js/*.js", "eslint.config.js"],
    extends: [js.configs.recommended],
    languageOptions: { globals: Object.fromEntries(GLOBALS.map((name) => [name, "readonly"])) },
    rules: faults,
  },
]);
