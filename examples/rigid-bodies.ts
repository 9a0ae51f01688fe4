// The README's example of rigid bodies; `npx tsx examples/rigid-bodies.ts` runs it.
import { loadMjcf, loadRuntime } from "mbrl-wasm";

const runtime = await loadRuntime();
const model = loadMjcf(
  runtime,
  `<mujoco>
    <worldbody>
      <geom type="plane" size="5 5 1"/>
      <body name="ball" pos="0 0 1"><freejoint/><geom size="0.1" mass="2"/></body>
    </worldbody>
  </mujoco>`,
);
const simulation = model.simulation({ batch: 1000 });
const { qpos, qvel } = simulation.getState();
for (let b = 0; b < 1000; b++) qpos[b * model.nq + 2] += b / 1000; // each from its own height
simulation.setState(qpos, qvel);
simulation.step(undefined, { repeat: 1000 });
console.log(simulation.bodyPosition("ball", 999), simulation.contacts(999), simulation.read("energy").slice(0, 2));
