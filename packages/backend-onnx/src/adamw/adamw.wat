;; One AdamW update (Loshchilov and Hutter, arXiv 1711.05101; the order of operations is PyTorch's) over four
;; arrays of float32 in one memory, four numbers at a time. Arrays are padded to 16 bytes.
(module
  (import "adamw" "memory" (memory 1))
  (func (export "update")
    ;; Where the arrays begin, and their padded length, in bytes. Addresses above 2 GiB are unsigned.
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
      (br_if $next (i32.lt_u (local.get $offset) (local.get $bytes))))))
