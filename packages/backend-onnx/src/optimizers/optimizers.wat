;; In-place updates over arrays of float32 in one memory, four numbers at a time. Arrays are padded to 16 bytes.
;; `bytes` is the padded length of each array. Addresses above 2 GiB are unsigned.
(module
  (import "optimizers" "memory" (memory 1))

  ;; One AdamW update (Loshchilov and Hutter, arXiv 1711.05101; the order of operations is PyTorch's).
  (func (export "adamw")
    (param $parameter i32) (param $gradient i32) (param $first i32) (param $second i32) (param $bytes i32)
    ;; 1 - learning rate * weight decay
    (param $decay f32)
    (param $beta1 f32) (param $gain1 f32)  ;; gain1 = 1 - beta1
    (param $beta2 f32) (param $gain2 f32)  ;; gain2 = 1 - beta2
    ;; learning rate / (1 - beta1^step), and 1 / sqrt(1 - beta2^step)
    (param $step_size f32) (param $correction f32) (param $epsilon f32)

    (local $offset i32)
    (local $g v128) (local $m v128) (local $v v128)
    (if (i32.eqz (local.get $bytes)) (then (return)))
    (loop $next
      (local.set $g (v128.load (i32.add (local.get $gradient) (local.get $offset))))
      ;; m = beta1 m + (1 - beta1) g
      (local.set $m
        (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $beta1)) (v128.load (i32.add (local.get $first) (local.get $offset))))
          (f32x4.mul (f32x4.splat (local.get $gain1)) (local.get $g))))
      (v128.store (i32.add (local.get $first) (local.get $offset)) (local.get $m))
      ;; v = beta2 v + (1 - beta2) g^2
      (local.set $v
        (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $beta2)) (v128.load (i32.add (local.get $second) (local.get $offset))))
          (f32x4.mul (f32x4.splat (local.get $gain2)) (f32x4.mul (local.get $g) (local.get $g)))))
      (v128.store (i32.add (local.get $second) (local.get $offset)) (local.get $v))
      ;; p = decay p - step_size m / (correction sqrt(v) + epsilon)
      (v128.store
        (i32.add (local.get $parameter) (local.get $offset))
        (f32x4.sub
          (f32x4.mul (f32x4.splat (local.get $decay)) (v128.load (i32.add (local.get $parameter) (local.get $offset))))
          (f32x4.div
            (f32x4.mul (f32x4.splat (local.get $step_size)) (local.get $m))
            (f32x4.add
              (f32x4.mul (f32x4.splat (local.get $correction)) (f32x4.sqrt (local.get $v)))
              (f32x4.splat (local.get $epsilon))))))
      (local.set $offset (i32.add (local.get $offset) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $offset) (local.get $bytes)))))

  ;; One AdamW update whose moments are bfloat16: computed in float32, then rounded at random so that the mean is the exact
  ;; value. Rounded to nearest, a second moment would never decay: a step changes it by less than half its last bit.
  (func (export "adamwBfloat16")
    (param $parameter i32) (param $gradient i32) (param $first i32) (param $second i32) (param $bytes i32)
    (param $decay f32) (param $beta1 f32) (param $gain1 f32) (param $beta2 f32) (param $gain2 f32)
    (param $step_size f32) (param $correction f32) (param $epsilon f32)
    ;; The step's number: with the place of an element, it determines the random bits.
    (param $seed i32)
    (local $offset i32) (local $half i32)
    (local $g v128) (local $m v128) (local $v v128) (local $random v128)
    (if (i32.eqz (local.get $bytes)) (then (return)))
    (local.set $seed (i32.mul (local.get $seed) (i32.const 0x9e3779b1)))
    (loop $next
      (local.set $half (i32.shr_u (local.get $offset) (i32.const 1)))
      (local.set $g (v128.load (i32.add (local.get $gradient) (local.get $offset))))
      (local.set $m
        (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $beta1)) (call $widened (i32.add (local.get $first) (local.get $half))))
          (f32x4.mul (f32x4.splat (local.get $gain1)) (local.get $g))))
      (local.set $v
        (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $beta2)) (call $widened (i32.add (local.get $second) (local.get $half))))
          (f32x4.mul (f32x4.splat (local.get $gain2)) (f32x4.mul (local.get $g) (local.get $g)))))
      (local.set $random (call $hash (local.get $half) (local.get $seed)))
      (call $round (i32.add (local.get $first) (local.get $half)) (local.get $m)
        (i32x4.shr_u (local.get $random) (i32.const 16)))
      (call $round (i32.add (local.get $second) (local.get $half)) (local.get $v)
        (v128.and (local.get $random) (i32x4.splat (i32.const 0xffff))))
      (v128.store
        (i32.add (local.get $parameter) (local.get $offset))
        (f32x4.sub
          (f32x4.mul (f32x4.splat (local.get $decay)) (v128.load (i32.add (local.get $parameter) (local.get $offset))))
          (f32x4.div
            (f32x4.mul (f32x4.splat (local.get $step_size)) (local.get $m))
            (f32x4.add
              (f32x4.mul (f32x4.splat (local.get $correction)) (f32x4.sqrt (local.get $v)))
              (f32x4.splat (local.get $epsilon))))))
      (local.set $offset (i32.add (local.get $offset) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $offset) (local.get $bytes)))))

  ;; Four bfloat16 as float32.
  (func $widened (param $address i32) (result v128)
    (i32x4.shl (i32x4.extend_low_i16x8_u (v128.load64_zero (local.get $address))) (i32.const 16)))

  ;; Stores four float32 as bfloat16, away from zero where the lower 16 bits and those of $random carry.
  (func $round (param $address i32) (param $values v128) (param $random v128)
    (local $upper v128)
    (local.set $upper (i32x4.shr_u (i32x4.add (local.get $values) (local.get $random)) (i32.const 16)))
    (v128.store64_lane 0 (local.get $address) (i16x8.narrow_i32x4_u (local.get $upper) (local.get $upper))))

  ;; 32 bits for each of four elements, from murmur3's finalizer.
  (func $hash (param $place i32) (param $seed i32) (result v128)
    (local $x v128)
    (local.set $x
      (v128.xor
        (i32x4.add (i32x4.splat (local.get $place)) (v128.const i32x4 0 1 2 3))
        (i32x4.splat (local.get $seed))))
    (local.set $x
      (i32x4.mul
        (v128.xor (local.get $x) (i32x4.shr_u (local.get $x) (i32.const 16)))
        (i32x4.splat (i32.const 0x85ebca6b))))
    (local.set $x
      (i32x4.mul
        (v128.xor (local.get $x) (i32x4.shr_u (local.get $x) (i32.const 13)))
        (i32x4.splat (i32.const 0xc2b2ae35))))
    (v128.xor (local.get $x) (i32x4.shr_u (local.get $x) (i32.const 16))))

  ;; One AdamW update whose moments have 8 bits, in blocks of 256 elements with a float32 scale each. A code has an exponent
  ;; and a fraction, so that small moments beside large ones keep their precision: 4 and 3 bits and a sign in the first
  ;; moment, 4 and 4 bits in the second. Code 0 is 0; the largest code is the scale. A scale is at least the largest moment of
  ;; its block: the running mean of the gradients' largest magnitude. The codes of all blocks come before the scales.
  (func (export "adamwInt8")
    (param $parameter i32) (param $gradient i32) (param $first i32) (param $second i32) (param $bytes i32)
    (param $decay f32) (param $beta1 f32) (param $gain1 f32) (param $beta2 f32) (param $gain2 f32)
    (param $step_size f32) (param $correction f32) (param $epsilon f32)
    ;; The step's number: with the place of an element, it determines the random bits.
    (param $seed i32)
    (local $offset i32) (local $end i32) (local $place i32) (local $scales i32)
    (local $largest f32) (local $scale1 f32) (local $scale2 f32) (local $old1 f32) (local $old2 f32)
    (local $inverse1 f32) (local $inverse2 f32)
    (local $g v128) (local $m v128) (local $v v128) (local $random v128)
    (if (i32.eqz (local.get $bytes)) (then (return)))
    (local.set $seed (i32.mul (local.get $seed) (i32.const 0x9e3779b1)))
    ;; Offset of the scales: 256 codes of one byte for every 1024 bytes of the gradient, rounded up.
    (local.set $scales
      (i32.shl (i32.shr_u (i32.add (local.get $bytes) (i32.const 1023)) (i32.const 10)) (i32.const 8)))
    (loop $block
      (local.set $end (i32.add (local.get $offset) (i32.const 1024)))
      (if (i32.gt_u (local.get $end) (local.get $bytes)) (then (local.set $end (local.get $bytes))))
      (local.set $largest (call $largest (local.get $gradient) (local.get $offset) (local.get $end)))
      (local.set $old1 (f32.load (i32.add (local.get $first) (local.get $scales))))
      (local.set $old2 (f32.load (i32.add (local.get $second) (local.get $scales))))
      (local.set $scale1
        (f32.add (f32.mul (local.get $beta1) (local.get $old1)) (f32.mul (local.get $gain1) (local.get $largest))))
      (local.set $scale2
        (f32.add
          (f32.mul (local.get $beta2) (local.get $old2))
          (f32.mul (local.get $gain2) (f32.mul (local.get $largest) (local.get $largest)))))
      (f32.store (i32.add (local.get $first) (local.get $scales)) (local.get $scale1))
      (f32.store (i32.add (local.get $second) (local.get $scales)) (local.get $scale2))
      (local.set $inverse1 (call $inverse (local.get $scale1)))
      (local.set $inverse2 (call $inverse (local.get $scale2)))
      (loop $next
        (local.set $place (i32.shr_u (local.get $offset) (i32.const 2)))
        (local.set $g (v128.load (i32.add (local.get $gradient) (local.get $offset))))
        (local.set $m
          (f32x4.add
            (f32x4.mul
              (f32x4.splat (f32.mul (local.get $beta1) (local.get $old1)))
              (call $signed (i32.add (local.get $first) (local.get $place))))
            (f32x4.mul (f32x4.splat (local.get $gain1)) (local.get $g))))
        (local.set $v
          (f32x4.add
            (f32x4.mul
              (f32x4.splat (f32.mul (local.get $beta2) (local.get $old2)))
              (call $unsigned (i32.add (local.get $second) (local.get $place))))
            (f32x4.mul (f32x4.splat (local.get $gain2)) (f32x4.mul (local.get $g) (local.get $g)))))
        (local.set $random (call $hash (local.get $place) (local.get $seed)))
        (call $round_signed (i32.add (local.get $first) (local.get $place))
          (f32x4.mul (local.get $m) (f32x4.splat (local.get $inverse1)))
          (i32x4.shr_u (local.get $random) (i32.const 12)))
        (call $round_unsigned (i32.add (local.get $second) (local.get $place))
          (f32x4.mul (local.get $v) (f32x4.splat (local.get $inverse2)))
          (v128.and (local.get $random) (i32x4.splat (i32.const 0x7ffff))))
        (v128.store
          (i32.add (local.get $parameter) (local.get $offset))
          (f32x4.sub
            (f32x4.mul (f32x4.splat (local.get $decay)) (v128.load (i32.add (local.get $parameter) (local.get $offset))))
            (f32x4.div
              (f32x4.mul (f32x4.splat (local.get $step_size)) (local.get $m))
              (f32x4.add
                (f32x4.mul (f32x4.splat (local.get $correction)) (f32x4.sqrt (local.get $v)))
                (f32x4.splat (local.get $epsilon))))))
        (local.set $offset (i32.add (local.get $offset) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $offset) (local.get $end))))
      (local.set $scales (i32.add (local.get $scales) (i32.const 4)))
      (br_if $block (i32.lt_u (local.get $offset) (local.get $bytes)))))

  ;; The largest magnitude in a part of an array.
  (func $largest (param $array i32) (param $offset i32) (param $end i32) (result f32)
    (local $most v128)
    (loop $next
      (local.set $most
        (f32x4.max (local.get $most) (f32x4.abs (v128.load (i32.add (local.get $array) (local.get $offset))))))
      (local.set $offset (i32.add (local.get $offset) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $offset) (local.get $end))))
    (f32.max
      (f32.max (f32x4.extract_lane 0 (local.get $most)) (f32x4.extract_lane 1 (local.get $most)))
      (f32.max (f32x4.extract_lane 2 (local.get $most)) (f32x4.extract_lane 3 (local.get $most)))))

  ;; 1 / scale, or 0 if that would be infinite.
  (func $inverse (param $scale f32) (result f32)
    (select
      (f32.div (f32.const 1) (local.get $scale))
      (f32.const 0)
      (f32.ge (local.get $scale) (f32.const 1e-37))))

  ;; Four bytes as int32.
  (func $bytes (param $address i32) (result v128)
    (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $address)))))

  ;; Stores four int32 below 256 as bytes.
  (func $store_bytes (param $address i32) (param $codes v128)
    (local.set $codes (i16x8.narrow_i32x4_u (local.get $codes) (local.get $codes)))
    (v128.store32_lane 0 (local.get $address) (i8x16.narrow_i16x8_u (local.get $codes) (local.get $codes))))

  ;; The values of four codes with a sign, as multiples of the scale. The code 127 has the bits of 1.0 without their last 20.
  (func $signed (param $address i32) (result v128)
    (local $codes v128) (local $magnitudes v128)
    (local.set $codes (call $bytes (local.get $address)))
    (local.set $magnitudes (v128.and (local.get $codes) (i32x4.splat (i32.const 0x7f))))
    (v128.or
      (i32x4.shl (v128.and (local.get $codes) (i32x4.splat (i32.const 0x80))) (i32.const 24))
      (v128.and
        (i32x4.shl (i32x4.add (local.get $magnitudes) (i32x4.splat (i32.const 889))) (i32.const 20))
        (i32x4.gt_s (local.get $magnitudes) (i32x4.splat (i32.const 0))))))

  ;; Stores four values from -1 to 1 as codes with a sign, away from zero where $random carries into the bits that are kept.
  (func $round_signed (param $address i32) (param $values v128) (param $random v128)
    (local $codes v128)
    (local.set $codes
      (i32x4.sub
        (i32x4.shr_u
          (i32x4.add (v128.and (local.get $values) (i32x4.splat (i32.const 0x7fffffff))) (local.get $random))
          (i32.const 20))
        (i32x4.splat (i32.const 889))))
    (local.set $codes
      (i32x4.min_s (i32x4.max_s (local.get $codes) (i32x4.splat (i32.const 0))) (i32x4.splat (i32.const 127))))
    (call $store_bytes
      (local.get $address)
      (v128.or
        (local.get $codes)
        (v128.and (i32x4.shr_u (local.get $values) (i32.const 24)) (i32x4.splat (i32.const 0x80))))))

  ;; The values of four codes without a sign, as multiples of the scale. The code 255 has the bits of 1.0 without their last 19.
  (func $unsigned (param $address i32) (result v128)
    (local $codes v128)
    (local.set $codes (call $bytes (local.get $address)))
    (v128.and
      (i32x4.shl (i32x4.add (local.get $codes) (i32x4.splat (i32.const 1777))) (i32.const 19))
      (i32x4.gt_s (local.get $codes) (i32x4.splat (i32.const 0)))))

  ;; Stores four values from 0 to 1 as codes without a sign. Only 0 becomes the code 0: the update divides by the root.
  (func $round_unsigned (param $address i32) (param $values v128) (param $random v128)
    (local $codes v128)
    (local.set $codes
      (i32x4.sub
        (i32x4.shr_u (i32x4.add (local.get $values) (local.get $random)) (i32.const 19))
        (i32x4.splat (i32.const 1777))))
    (local.set $codes
      (i32x4.min_s (i32x4.max_s (local.get $codes) (i32x4.splat (i32.const 1))) (i32x4.splat (i32.const 255))))
    (call $store_bytes
      (local.get $address)
      (v128.and (local.get $codes) (i32x4.gt_s (local.get $values) (i32x4.splat (i32.const 0))))))

  ;; Plain gradient descent: p = p - rate (g + decay p). The decay is part of the gradient, as in torch.optim.SGD.
  (func (export "sgd")
    (param $parameter i32) (param $gradient i32) (param $bytes i32)
    (param $rate f32) (param $decay f32)
    (local $offset i32)
    (local $p v128)
    (if (i32.eqz (local.get $bytes)) (then (return)))
    (loop $next
      (local.set $p (v128.load (i32.add (local.get $parameter) (local.get $offset))))
      (v128.store
        (i32.add (local.get $parameter) (local.get $offset))
        (f32x4.sub
          (local.get $p)
          (f32x4.mul
            (f32x4.splat (local.get $rate))
            (f32x4.add
              (v128.load (i32.add (local.get $gradient) (local.get $offset)))
              (f32x4.mul (f32x4.splat (local.get $decay)) (local.get $p))))))
      (local.set $offset (i32.add (local.get $offset) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $offset) (local.get $bytes)))))

  ;; Gradient descent with momentum as in torch.optim.SGD without dampening, plain (nesterov = 0) or after Nesterov.
  (func (export "momentum")
    (param $parameter i32) (param $gradient i32) (param $velocity i32) (param $bytes i32)
    (param $rate f32) (param $decay f32) (param $momentum f32) (param $nesterov i32)
    (local $offset i32)
    (local $p v128) (local $g v128) (local $v v128)
    (if (i32.eqz (local.get $bytes)) (then (return)))
    (loop $next
      (local.set $p (v128.load (i32.add (local.get $parameter) (local.get $offset))))
      ;; g = g + decay p
      (local.set $g
        (f32x4.add
          (v128.load (i32.add (local.get $gradient) (local.get $offset)))
          (f32x4.mul (f32x4.splat (local.get $decay)) (local.get $p))))
      ;; v = momentum v + g
      (local.set $v
        (f32x4.add
          (f32x4.mul
            (f32x4.splat (local.get $momentum))
            (v128.load (i32.add (local.get $velocity) (local.get $offset))))
          (local.get $g)))
      (v128.store (i32.add (local.get $velocity) (local.get $offset)) (local.get $v))
      ;; p = p - rate v, or p - rate (g + momentum v)
      (if (local.get $nesterov)
        (then
          (local.set $v
            (f32x4.add (local.get $g) (f32x4.mul (f32x4.splat (local.get $momentum)) (local.get $v))))))
      (v128.store
        (i32.add (local.get $parameter) (local.get $offset))
        (f32x4.sub (local.get $p) (f32x4.mul (f32x4.splat (local.get $rate)) (local.get $v))))
      (local.set $offset (i32.add (local.get $offset) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $offset) (local.get $bytes))))))
