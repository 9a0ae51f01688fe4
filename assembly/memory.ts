// The only loads and stores that kernels use. In the release targets each is the bare instruction; in the `checked`
// target (asserts on) address and length are first handed to the host, which looks them up in the arena's table of live
// tensors and throws on a miss. Constant tables below the heap base may be read, never written.

// @ts-ignore: decorator
@external("env", "check_access")
declare function check_access(address: usize, bytes: usize, write: i32): void;

/** First address that the host may allocate from. */
export function heap_base(): usize {
  return __heap_base;
}

// @ts-ignore: decorator
@inline
function reading(address: usize, bytes: usize): void {
  if (!ASC_NO_ASSERT) check_access(address, bytes, 0);
}

// @ts-ignore: decorator
@inline
function writing(address: usize, bytes: usize): void {
  if (!ASC_NO_ASSERT) check_access(address, bytes, 1);
}

/** Loads one value. */
// @ts-ignore: decorator
@inline
export function get<T>(address: usize): T {
  reading(address, sizeof<T>());
  return load<T>(address);
}

/** Stores one value. */
// @ts-ignore: decorator
@inline
export function put<T>(address: usize, value: T): void {
  writing(address, sizeof<T>());
  store<T>(address, value);
}

/** Loads 16 bytes. */
// @ts-ignore: decorator
@inline
export function getv(address: usize): v128 {
  reading(address, 16);
  return v128.load(address);
}

/** Stores 16 bytes. */
// @ts-ignore: decorator
@inline
export function putv(address: usize, value: v128): void {
  writing(address, 16);
  v128.store(address, value);
}

/** Loads one f32 into all four lanes. */
// @ts-ignore: decorator
@inline
export function getsplat(address: usize): v128 {
  reading(address, 4);
  return v128.load32_splat(address);
}

/** Loads one f64 into both lanes. */
// @ts-ignore: decorator
@inline
export function getsplat64(address: usize): v128 {
  reading(address, 8);
  return v128.load64_splat(address);
}

/** Loads the first `count` (1 to 3) f32 of a vector; the other lanes are zero. */
// @ts-ignore: decorator
@inline
export function getpart(address: usize, count: i32): v128 {
  reading(address, (<usize>count) << 2);
  let value = v128.load32_zero(address);
  if (count > 1) value = v128.load32_lane(address + 4, value, 1);
  if (count > 2) value = v128.load32_lane(address + 8, value, 2);
  return value;
}

/** Stores the first `count` (1 to 3) f32 of a vector. */
// @ts-ignore: decorator
@inline
export function putpart(address: usize, value: v128, count: i32): void {
  writing(address, (<usize>count) << 2);
  v128.store32_lane(address, value, 0);
  if (count > 1) v128.store32_lane(address + 4, value, 1);
  if (count > 2) v128.store32_lane(address + 8, value, 2);
}

/** Loads `count` f32, four at most; the other lanes are zero. */
// @ts-ignore: decorator
@inline
export function getupto(address: usize, count: i32): v128 {
  return count >= 4 ? getv(address) : getpart(address, count);
}

/** Stores the first `count` f32 of a vector, four at most. */
// @ts-ignore: decorator
@inline
export function putupto(address: usize, value: v128, count: i32): void {
  if (count >= 4) putv(address, value);
  else putpart(address, value, count);
}

/** Fills `bytes` bytes with zero. */
// @ts-ignore: decorator
@inline
export function zero(address: usize, bytes: usize): void {
  if (bytes) writing(address, bytes);
  memory.fill(address, 0, bytes);
}

/** Copies `bytes` bytes; the ranges may overlap. */
// @ts-ignore: decorator
@inline
export function copy(out: usize, source: usize, bytes: usize): void {
  if (bytes) {
    writing(out, bytes);
    reading(source, bytes);
  }
  memory.copy(out, source, bytes);
}
