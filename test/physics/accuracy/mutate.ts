// Copies of MJCF documents: with flags, without forces that dissipate, and with changed numbers, so that no table of known
// models can pass for a simulator.
import type { Random } from "./statistics.js";

/** The document with these flags of `<option><flag>` set. */
export function withFlags(xml: string, flags: Readonly<Record<string, "enable" | "disable">>): string {
  const attributes = Object.entries(flags).map(([name, value]) => ` ${name}="${value}"`);
  const others = (text: string) => Object.keys(flags).reduce((rest, name) => drop(rest, name), text);
  if (/<flag\b/.test(xml)) return xml.replace(/<flag\b[^>]*?(?=\/>)/, (tag) => others(tag) + attributes.join(""));
  return xml.replace(/<\/mujoco>\s*$/, `<option><flag${attributes.join("")}/></option></mujoco>\n`);
}

/** Without contacts and limits: a smooth system. */
export const smoothCopy = (xml: string): string => withFlags(xml, { contact: "disable", limit: "disable" });

/** Smooth, and without joint damping and fluid: energy is conserved but for the integrator's error. */
export const conservativeCopy = (xml: string): string =>
  ["damping", "density", "viscosity"].reduce(
    (text, name) => text.replace(name === "damping" ? /<joint\b[^>]*>/g : /<option\b[^>]*>/g, (tag) => drop(tag, name)),
    smoothCopy(xml),
  );

const drop = (tag: string, name: string): string => tag.replace(new RegExp(`\\s${name}\\s*=\\s*("[^"]*"|'[^']*')`), "");

/** What `mutate` scales: attributes by element. A geom without mass or density gets a density. */
const scaled = {
  geom: ["mass", "density", "size", "friction"],
  joint: ["damping", "armature"],
  motor: ["gear"],
  position: ["kp", "kv"],
} as const;

/** The document with every mass, density, size, friction, damping, gear and gain scaled by a factor of its own in 0.8 … 1.2. */
export function mutate(xml: string, random: Random): string {
  const factor = () => random.uniform(0.8, 1.2);
  const inDefault = xml.slice(xml.indexOf("<default>"), xml.lastIndexOf("</default>"));
  const denseByDefault = /<geom\b[^>]*\b(mass|density)\s*=/.test(inDefault);
  let text = xml.replace(/<!--[\s\S]*?-->/g, "");
  for (const [element, names] of Object.entries(scaled)) {
    text = text.replace(new RegExp(`<${element}\\b[^>]*>`, "g"), (tag) => {
      const changed = names.reduce(
        (rest, name) =>
          rest.replace(new RegExp(`(\\s${name}\\s*=\\s*["'])([^"']*)`), (_, head: string, values: string) => {
            const numbers = values.trim().split(/\s+/).map(Number);
            return head + numbers.map((x) => Number((x * factor()).toPrecision(6))).join(" ");
          }),
        tag,
      );
      const plain = element === "geom" && !denseByDefault && !/\b(mass|density)\s*=/.test(tag);
      return plain ? changed.replace("<geom", `<geom density="${(1000 * factor()).toFixed(2)}"`) : changed;
    });
  }
  return text;
}

/** The document with one more link, a capsule on a hinge about a slanted axis, at the end of the first chain of bodies. */
export function extraLink(xml: string, random: Random): string {
  const some = (low: number, high: number) => random.uniform(low, high).toFixed(4);
  const text = xml.replace(/<!--[\s\S]*?-->/g, "");
  // the armature keeps explicit damping stable at the longest timestep
  const range = /<compiler\b[^>]*\bangle="radian"/.test(xml) ? "-0.7 0.7" : "-40 40";
  const link = `<body pos="${some(-0.05, 0.05)} 0 ${some(0.02, 0.1)}">
    <joint type="hinge" axis="${some(-0.3, 0.3)} 1 ${some(-0.3, 0.3)}" limited="true" range="${range}" damping="${some(0.05, 0.3)}" armature="${some(0.02, 0.1)}"/>
    <geom type="capsule" fromto="0 0 0 ${some(-0.1, 0.1)} ${some(-0.05, 0.05)} ${some(0.1, 0.25)}" size="${some(0.02, 0.05)}"/>
  </body>`;
  return text.replace("</body>", `${link}</body>`);
}
