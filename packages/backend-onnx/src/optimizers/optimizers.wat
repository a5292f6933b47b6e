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
