/**
 * V8's flags for the agent, which runs for months and mostly waits (decisions 0024, 0034). Measured by `npm run bench`. One compiler,
 * for what is called so often that only a server under load does it: an idle agent has not compiled anything.
 */
export const agentFlags: readonly string[] = [
  "--max-semi-space-size=1",
  ...["--no-opt", "--no-sparkplug", "--invocation-count-for-maglev=150000", "--invocation-count-for-maglev-osr=150000"],
  "--expose-gc",
];
