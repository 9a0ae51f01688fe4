// Which entries of a constraint's Jacobian are not zero: those of the degrees of freedom that move two things against each other,
// found in the tree of links.

import { type CompiledModel, JointType } from "./compiled.js";
import { Header, type Layout } from "./layout.js";

/** Flags of an entry, those of assembly/physics/constraint-model.ts. */
const ENTRY_TURNS = 1;
const ENTRY_FIRST = 2;
const ENTRY_OTHER = 4;

/** What moves with a tree. */
export interface Moved {
  readonly tree: number;
  /** Degrees of freedom that move it, from the root on. */
  readonly chain: readonly number[];
}

/** A degree of freedom of a row. */
export interface Entry {
  readonly dof: number;
  readonly flags: number;
}

/** Degrees of freedom that move a body, from the root on. */
export function chainOf(model: CompiledModel, chains: Layout["chains"], body: number): readonly number[] {
  let moving = body;
  while (moving > 0 && model.bodyDofNum[moving] === 0) moving = model.bodyParent[moving];
  return moving > 0 ? chains[model.bodyDofAdr[moving] + model.bodyDofNum[moving] - 1] : [];
}

/** Entries for two things: common ancestors move both alike, what remains is the symmetric difference of the chains. */
export function entriesOf(model: CompiledModel, first: Moved, second: Moved): Entry[] {
  const one = first.chain.filter((dof) => !second.chain.includes(dof));
  const two = second.chain.filter((dof) => !first.chain.includes(dof));
  const apart = first.tree !== second.tree && two.length > 0;
  const flags = (dof: number) => {
    const joint = model.dofJnt[dof];
    const free = model.jntType[joint] === JointType.free;
    const turns = free ? dof >= model.jntDofAdr[joint] + 3 : model.jntType[joint] === JointType.hinge;
    return turns ? ENTRY_TURNS : 0;
  };
  const entries = [
    ...one.map((dof) => ({ dof, flags: flags(dof) | ENTRY_FIRST | (apart ? ENTRY_OTHER : 0) })),
    ...two.map((dof) => ({ dof, flags: flags(dof) })),
  ];
  return entries.sort((a, b) => a.dof - b.dof);
}

/** Are two of them on different branches? */
export function joinsBranches(entries: readonly Entry[], { chains }: Layout): boolean {
  return entries.some(({ dof }) => entries.some((e) => e.dof < dof && !chains[dof].includes(e.dof)));
}

/** Are they of two trees, whose positions are about different origins? */
export function acrossTrees(entries: readonly Entry[]): boolean {
  return entries.some(({ flags }) => flags & ENTRY_OTHER);
}

/** The words of entries. */
export function entryWords({ tables, chains, rows }: Layout, entries: readonly Entry[]): number[] {
  const { header } = tables;
  return entries.flatMap(({ dof, flags }) => {
    const column = 16 * (chains[dof].length - 1);
    return [header[Header.cdof] + 96 * dof, 16 * dof, flags, rows[dof], column, 8 * dof * (dof + 1), 16 * dof, 0];
  });
}
