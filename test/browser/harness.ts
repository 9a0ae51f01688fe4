// Chromium on a page of ours: bundles page.ts, serves it with a given Content-Security-Policy, and calls its functions.

import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import type { inPage } from "./page.js";

/** Where Chromium is looked for; `CHROMIUM` overrides it. */
export const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why the browser tests cannot run, if they cannot. */
export const missing = existsSync(chromiumPath)
  ? undefined
  : `no Chromium at ${chromiumPath} (set CHROMIUM, or apt-get install chromium): browser tests skipped`;

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

type Functions = typeof inPage;

/** A browser and a server of the bundled page. */
export class BrowserHarness {
  readonly #browser: Browser;
  readonly #server: Server;

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser;
    this.#server = server;
  }

  static async start(): Promise<BrowserHarness> {
    const server = await serve(await bundle());
    return new BrowserHarness(await chromium.launch({ executablePath: chromiumPath, args: flags }), server);
  }

  /** Opens the page under a policy, with or without the headers that give it shared memory. */
  async open(policy: string, { isolated = false } = {}): Promise<Page> {
    const { port } = this.#server.address() as AddressInfo;
    const page = await this.#browser.newPage();
    page.setDefaultTimeout(10_000);
    const query = new URLSearchParams({ policy, ...(isolated ? { isolated: "" } : {}) });
    await page.goto(`http://127.0.0.1:${port}/?${query}`);
    await page.waitForFunction("globalThis.callInPage !== undefined");
    return page;
  }

  /** Which browser it is. */
  get version(): string {
    return `Chromium ${this.#browser.version()}`;
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}

/** Calls a function of page.ts; an exception in the page is one here. */
export async function call<F extends keyof Functions>(
  page: Page,
  name: F,
  ...args: Parameters<Functions[F]>
): Promise<Awaited<ReturnType<Functions[F]>>> {
  const expression = `callInPage(${JSON.stringify(name)}, ${JSON.stringify(args)})`;
  return (await page.evaluate(expression)) as Awaited<ReturnType<Functions[F]>>;
}

async function bundle(): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    outdir: "/",
    write: false,
    logLevel: "error",
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}

async function serve(scripts: Map<string, Uint8Array>): Promise<Server> {
  const binary = readFileSync(new URL("../../build/wasm/simd.wasm", import.meta.url));
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const script = scripts.get(pathname);
    if (pathname === "/") {
      response.setHeader("content-type", "text/html");
      response.setHeader("content-security-policy", searchParams.get("policy") ?? "default-src 'none'");
      if (searchParams.has("isolated")) {
        response.setHeader("cross-origin-opener-policy", "same-origin");
        response.setHeader("cross-origin-embedder-policy", "require-corp");
      }
      response.end('<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>');
    } else if (script) {
      response.setHeader("content-type", "text/javascript").end(script);
    } else if (pathname === "/kernels.wasm") {
      response.setHeader("content-type", searchParams.get("type") ?? "application/wasm").end(binary);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
