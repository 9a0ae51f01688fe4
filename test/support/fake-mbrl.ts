// The `mbrl` command with the fake algorithm in its table.
import { main } from "../../src/cli/program.js";
import { fakeAlgorithms } from "./fake-algorithms.js";

process.exitCode = await main(process.argv.slice(2), fakeAlgorithms);
