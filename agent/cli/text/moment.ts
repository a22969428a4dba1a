/** Times as people read them: the endpoint writes them so, too (facts/moment.ts). */
export * from "../../facts/moment.ts";
