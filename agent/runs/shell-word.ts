/** Where it was; facts/shell-word.ts has it. */
export * from "../facts/shell-word.ts";
