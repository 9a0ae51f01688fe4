// What shells of bare JavaScript engines lack and the package, its loader and its hashes take from browsers and Node. Only
// what is used: ASCII text, one clock, a pause that lets promises run.

globalThis.print ??= (line) => console.log(line);
globalThis.console ??= { log: print, warn: print, error: print };
globalThis.performance ??= { now: () => Date.now() };

globalThis.TextEncoder ??= class {
  encode(text) {
    return Uint8Array.from(text, (character) => character.charCodeAt(0));
  }
};

globalThis.TextDecoder ??= class {
  decode(bytes) {
    return String.fromCharCode(...bytes);
  }
};

globalThis.atob ??= (text) => {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const values = new Map([...digits].map((digit, value) => [digit, value]));
  const characters = [];
  let [bits, count] = [0, 0];
  for (const digit of text) {
    if (digit === "=") break;
    bits = ((bits << 6) | values.get(digit)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      characters.push(String.fromCharCode((bits >> count) & 255));
    }
  }
  return characters.join("");
};

if (typeof setImmediate === "undefined" && typeof MessageChannel === "undefined") {
  globalThis.setImmediate = (callback) => void Promise.resolve().then(callback);
}
