/** All self-checks are looked at together, and none can hold the others up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lookAtAll, ok, type SelfCheck } from "../../../agent/cli/doctor/self-check.ts";
import { doctorWorldOf } from "../support/doctor-world.ts";

const never = () => new Promise<never>(() => {});
const check = (id: string, look: SelfCheck["look"]): SelfCheck => ({ id, asks: `is ${id} there`, look });

test("what does not answer is told as that, and the others are told nevertheless, in their order", async () => {
  const left: string[][] = [];
  const checks = [check("stuck", never), check("quick", async () => ok("quick: yes"))];
  const looked = await lookAtAll(checks, doctorWorldOf(), (waiting) => left.push(waiting.map(({ id }) => id)), 20);
  assert.deepEqual(
    looked.map(({ id, outcomes }) => [id, outcomes.map(({ kind }) => kind)]),
    [
      ["stuck", ["fail"]],
      ["quick", ["ok"]],
    ],
  );
  assert.match(looked[0]?.outcomes[0]?.message ?? "", /is stuck there: expected an answer within 0\.02 s, found none/);
  assert.deepEqual(left, [["stuck"], []]);
});

test("they run at once: one waits for another", async () => {
  const met = Promise.withResolvers<void>();
  const waits = check("waits", async () => met.promise.then(() => ok("met")));
  const comes = check("comes", async () => {
    met.resolve();
    return ok("came");
  });
  const looked = await lookAtAll([waits, comes], doctorWorldOf(), () => {});
  assert.ok(looked.every(({ outcomes }) => outcomes[0]?.kind === "ok"));
});

test("a fault of the program is one line that asks to report it", async () => {
  const broken = check("broken", () => Promise.reject(new Error("planted\nstack")));
  const [looked] = await lookAtAll([broken], doctorWorldOf(), () => {});
  assert.deepEqual(looked?.outcomes, [
    { kind: "fail", message: "internal error: planted", change: "please report it" },
  ]);
});
