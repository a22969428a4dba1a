/** Placeholder to what stands for it in the scratch folder. */
export const placeholders = {
  "{file}": "a scratch file",
  "{existing}": "a second scratch file",
  "{folder}": "a folder with two files",
  "{new}": "a name that does not exist",
} as const;
export type Placeholder = keyof typeof placeholders;
