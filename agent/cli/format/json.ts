/** The CLI's JSON: laid out for people, and harmless to a terminal. */
export { jsonText } from "../../facts/index.ts";
