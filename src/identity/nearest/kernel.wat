;; The scan behind the nearest search: the dot products of one probe with many rows of small integers. kernel.ts holds these
;; very instructions assembled, and a test compares the two.
;;
;; Row after row, in the order of memory: four rows side by side need fewer instructions, and take three times as long from
;; memory, because the processor fetches ahead one stream, not four. Eight values of a row are widened from 8 to 16 bits,
;; multiplied with eight of the probe, and added up in pairs into 32 bits; four chains of additions need not wait for each other.
(module
  (memory (export "memory") 1)

  ;; codes: rows one after the other, `width` bytes each, a multiple of 32
  ;; probe: `width` values of 16 bits
  ;; dots:  takes one 32-bit sum for each row; width * 127 * 127 must fit
  (func (export "scan")
    (param $codes i32) (param $probe i32) (param $dots i32) (param $rows i32) (param $width i32)
    (local $end i32) (local $stop i32) (local $p i32)
    (local $sum0 v128) (local $sum1 v128) (local $sum2 v128) (local $sum3 v128)
    (local.set $end (i32.add (local.get $codes) (i32.mul (local.get $rows) (local.get $width))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $codes) (local.get $end)))
        (local.set $sum0 (v128.const i32x4 0 0 0 0))
        (local.set $sum1 (v128.const i32x4 0 0 0 0))
        (local.set $sum2 (v128.const i32x4 0 0 0 0))
        (local.set $sum3 (v128.const i32x4 0 0 0 0))
        (local.set $p (local.get $probe))
        (local.set $stop (i32.add (local.get $codes) (local.get $width)))
        (loop $values
          (local.set $sum0 (i32x4.add (local.get $sum0)
            (i32x4.dot_i16x8_s (v128.load (local.get $p)) (v128.load8x8_s (local.get $codes)))))
          (local.set $sum1 (i32x4.add (local.get $sum1)
            (i32x4.dot_i16x8_s (v128.load offset=16 (local.get $p)) (v128.load8x8_s offset=8 (local.get $codes)))))
          (local.set $sum2 (i32x4.add (local.get $sum2)
            (i32x4.dot_i16x8_s (v128.load offset=32 (local.get $p)) (v128.load8x8_s offset=16 (local.get $codes)))))
          (local.set $sum3 (i32x4.add (local.get $sum3)
            (i32x4.dot_i16x8_s (v128.load offset=48 (local.get $p)) (v128.load8x8_s offset=24 (local.get $codes)))))
          (local.set $p (i32.add (local.get $p) (i32.const 64)))
          (local.set $codes (i32.add (local.get $codes) (i32.const 32)))
          (br_if $values (i32.lt_u (local.get $codes) (local.get $stop))))
        (local.set $sum0
          (i32x4.add (i32x4.add (local.get $sum0) (local.get $sum1)) (i32x4.add (local.get $sum2) (local.get $sum3))))
        (i32.store (local.get $dots)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $sum0)) (i32x4.extract_lane 1 (local.get $sum0)))
            (i32.add (i32x4.extract_lane 2 (local.get $sum0)) (i32x4.extract_lane 3 (local.get $sum0)))))
        (local.set $dots (i32.add (local.get $dots) (i32.const 4)))
        (br $row)))))
