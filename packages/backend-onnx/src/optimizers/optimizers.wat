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
