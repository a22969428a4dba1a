/** Keeps a plan in the state folder that it is told, once it has said so. */
import { keepPlan } from "../../agent/cleanup/kept-plans.ts";
import { useBuiltAddon } from "../support/addon.ts";
import { nowMs, seenOf } from "./support.ts";

useBuiltAddon();
process.stdout.write("begins\n");
const plan = { hash: "c".repeat(64), retention: "engine-staging", root: "/u01/staging/engine", madeAtMs: nowMs };
const kept = keepPlan(process.argv[2] ?? "", { ...plan, candidates: [seenOf("a.arc")] });
process.exitCode = kept.kind === "kept" ? 0 : 1;
