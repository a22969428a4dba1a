/** Rows, columns and line breaks within 100 columns: what the endpoint answers in text has the same (facts/layout.ts). */
export * from "../../facts/layout.ts";
