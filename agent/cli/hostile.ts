export { hostile } from "../facts/hostile.ts";
