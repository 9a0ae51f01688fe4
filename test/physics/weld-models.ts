// Models with welds and with bodies that are moved by hand, each with what such a model may have beside: trees with several
// origins, branches that a weld joins, contacts and limits in the same solve, both integrators.

const arm = (weld: string, hand = "") => `<mujoco>
  <option timestep="0.004"/>
  <default><joint armature="0.02" damping="0.4"/><geom contype="0" conaffinity="0"/></default>
  <worldbody>
    <body name="hand" mocap="true" pos="0.55 0.1 0.4" quat="1 0.1 -0.2 0.05" ${hand}>
      <geom type="box" size="0.02 0.02 0.02"/>
    </body>
    <body pos="0.1 -0.1 0.3" euler="0 0 20">
      <joint axis="0 0 1"/><geom type="capsule" fromto="0 0 0 0.1 0 0.05" size="0.03"/>
      <body pos="0.1 0 0.05"><joint axis="0 1 0" range="-60 60"/><geom type="capsule" fromto="0 0 0 0.2 0 0" size="0.03"/>
        <body pos="0.2 0 0" euler="10 0 0"><joint axis="1 0.2 0"/><joint type="slide" axis="0 0.3 1" range="-0.1 0.1"/>
          <geom type="capsule" fromto="0 0 0 0.15 0 0" size="0.025"/>
          <body name="wrist" pos="0.15 0 0" euler="0 30 10"><joint axis="0 1 0"/><geom type="box" size="0.04 0.02 0.01" pos="0.03 0.01 0"/>
            <body name="tip" pos="0.05 0.01 0.02" euler="20 0 0"><geom size="0.01"/></body>
            <body pos="0.02 0.03 0"><joint name="finger" type="slide" axis="0 1 0" range="-0.01 0.02"/><geom size="0.01"/></body>
          </body></body></body></body>
  </worldbody>
  <equality>${weld}</equality>
  <actuator><position joint="finger" kp="80" ctrlrange="-0.01 0.02"/></actuator>
</mujoco>`;

/** By name. */
export const weldModels: Readonly<Record<string, string>> = {
  "a hand leads an arm": arm('<weld body1="hand" body2="tip" relpose="0 0 0 1 0 0 0"/>'),
  "pose, anchor and torque scale": arm(
    '<weld body1="wrist" body2="hand" relpose="0.1 0.02 -0.03 0.9 0.1 0.3 -0.2" anchor="0.02 -0.01 0.03" torquescale="0.4" solref="0.03 0.8" solimp="0.7 0.99 0.02 0.4 3"/>',
  ),
  "as it was at the start, and one that does not hold": arm(
    '<weld body1="hand" body2="wrist" anchor="0.01 0.02 0.03" solref="-900 -40" solimp="0.9 0.9 0.01"/><weld body1="hand" body2="tip" active="false"/>',
  ),
  "two welds, of a body to the world and to a hand": arm(
    '<weld body1="tip" torquescale="2"/><weld body1="hand" body2="wrist" relpose="0 0 0.05 1 0 0 0" solref="0.1 1.2"/>',
  ),
  "free bodies welded to each other, on a floor": `<mujoco>
    <option timestep="0.004" integrator="RK4"/>
    <default><geom solref="0.03 0.9" margin="0.002"/></default>
    <worldbody>
      <geom type="plane" size="5 5 1"/>
      <body name="one" pos="3 0 0.12"><freejoint/><geom type="capsule" size="0.05 0.1" euler="80 20 0"/></body>
      <body name="two" pos="3.2 0.25 0.15"><freejoint/><geom size="0.08"/>
        <body name="arm" pos="0 0.1 0.05"><joint axis="1 0 0" range="-40 40" damping="0.02"/><geom type="capsule" fromto="0 0 0 0 0.2 0" size="0.03"/></body></body>
      <body pos="2.7 0.05 0.3"><joint type="slide" axis="0 0 1"/><joint type="slide" axis="1 0 0"/><joint axis="0 1 0"/>
        <geom name="rod" type="capsule" fromto="0 0 0 0.2 0 0" size="0.04"/></body>
    </worldbody>
    <equality><weld body1="one" body2="two"/><weld name="far" body1="arm" body2="one" relpose="0 -0.3 0 0 0 0 1" torquescale="0.1"/></equality>
  </mujoco>`,
  "what hangs on a hand, and a hand that pushes": `<mujoco>
    <option timestep="0.003"/>
    <worldbody>
      <geom type="plane" size="5 5 1"/>
      <body name="hook" mocap="true" pos="-2 1 0.8" euler="10 0 30"><geom size="0.03" contype="0" conaffinity="0"/>
        <body pos="0.05 0 0"><joint axis="0 1 0" damping="0.02"/><geom type="capsule" fromto="0 0 0 0 0 -0.3" size="0.02"/>
          <body name="bob" pos="0 0 -0.3"><joint axis="1 0 0"/><geom size="0.05" pos="0 0 -0.05"/></body></body></body>
      <body name="stick" mocap="true" pos="-2 1.05 0.36" euler="90 10 0"><geom type="capsule" size="0.03 0.2"/>
        <body pos="0 0.1 0" euler="20 0 0"><geom type="capsule" size="0.03 0.1"/></body></body>
      <body name="ball" pos="-1.9 1.1 0.45"><freejoint/><geom size="0.06"/></body>
    </worldbody>
    <equality><weld body1="ball" body2="bob" relpose="0 0 0.1 1 0 0 0" solref="0.2 1"/></equality>
  </mujoco>`,
};
