/**
 * How much of what was found is shown to whom, narrowest first. `names`: that it was found, with names, codes, file, line
 * and column. `values`: also values of aliases and variables, prompts, output, the words of messages. `lines`: also the
 * text of lines of files.
 */
export const shares = ["names", "values", "lines"] as const;
export type Share = (typeof shares)[number];
