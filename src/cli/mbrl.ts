#!/usr/bin/env node
// The `mbrl` command.

import { algorithms } from "./algorithms.js";
import { main } from "./program.js";

process.exitCode = await main(process.argv.slice(2), algorithms);
