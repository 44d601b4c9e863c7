const jupyterlab = require("@jupyterlab/testutils/lib/jest-config");

const ES_MODULES = [
  "@codemirror",
  "@jupyter/ydoc",
  "@jupyter/react-components",
  "@jupyter/web-components",
  "@jupyterlab/",
  "@microsoft/",
  "exenv-es6",
  "lib0",
  "nanoid",
  "vscode-ws-jsonrpc",
  "y-protocols",
  "y-websocket",
  "yjs",
];

const base = jupyterlab(__dirname);

module.exports = {
  ...base,
  reporters: ["default"],
  transform: { ...base.transform, "^.+\\.tsx?$": ["ts-jest/legacy", { tsconfig: "./tsconfig.json" }] },
  testRegex: "src/__tests__/.*\\.spec\\.ts$",
  transformIgnorePatterns: [`/node_modules/(?!${ES_MODULES.join("|")}).+`],
};
