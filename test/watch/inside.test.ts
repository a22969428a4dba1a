import { test } from "node:test";
import { inside } from "./inside/inside.ts";

test("out of inotify watches: takes what there is, says so, sweeps the rest, and takes more when there is more", () =>
  inside("limit"));

test("events that do not arrive: the sentinel is late, watching is blind, and mends itself", () => inside("sentinel"));

test("mounts: sees those that come and go, and never touches one that does not answer", () => inside("mounts"));

test("a second change within one tick of the clock, after a look, is told although nothing shows it", () =>
  inside("ticks"));
