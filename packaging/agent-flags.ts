/** V8's flags for the agent, which runs for months and mostly waits (decision 0024). Measured by `npm run bench`. */
export const agentFlags: readonly string[] = [
  "--max-semi-space-size=1",
  ...["--no-opt", "--no-maglev", "--no-sparkplug"],
  "--expose-gc",
];
