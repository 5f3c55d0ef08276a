"use strict";
/* Runs filters as the kernel does. A program is an array of [code, jt, jf, k]; a record is
   {nr, arch, ip, args}, its 64-bit fields BigInt. Nothing here knows the page. */
const Evaluator = (() => {
  const ALLOW = 0x7fff0000;

  /* A shift by X: the count that is used, or 32 for "the result is 0". */
  function shiftCount(rule, x) {
    if (rule === "modulo-64") return Math.min(x & 63, 32);
    if (rule === "modulo-256") return Math.min(x & 255, 32);
    return x & 31;
  }

  const shiftLeft = (a, count) => (count > 31 ? 0 : (a << count) >>> 0);
  const shiftRight = (a, count) => (count > 31 ? 0 : a >>> count);
  const divide = (a, b) => (a - (a % b)) / b;

  /* A, after an operation on A and another value. The operation is bits 4 to 7 of the code. */
  function calculate(operation, a, other, byX, rule) {
    switch (operation) {
      case 0x00: return (a + other) >>> 0;
      case 0x10: return (a - other) >>> 0;
      case 0x20: return Math.imul(a, other) >>> 0;
      case 0x30: return divide(a, other);
      case 0x40: return (a | other) >>> 0;
      case 0x50: return (a & other) >>> 0;
      case 0x60: return shiftLeft(a, byX ? shiftCount(rule, other) : other);
      case 0x70: return shiftRight(a, byX ? shiftCount(rule, other) : other);
      case 0x80: return -a >>> 0;
      case 0xa0: return (a ^ other) >>> 0;
      default: throw new Error(`operation ${operation}`);
    }
  }

  function holds(operation, a, other) {
    switch (operation) {
      case 0x10: return a === other;
      case 0x20: return a > other;
      case 0x30: return a >= other;
      case 0x40: return (a & other) !== 0;
      default: throw new Error(`comparison ${operation}`);
    }
  }

  /* {value, path}: all 32 bits that the program returns, and the instructions executed. */
  function run(program, words, rule = "modulo-32") {
    let a = 0;
    let x = 0;
    const m = new Array(16).fill(0);
    const path = [];
    for (let pc = 0; ; ++pc) {
      const [code, jt, jf, k] = program[pc];
      path.push(pc);
      const other = (code & 0x08) !== 0 ? x : k;
      switch (code & 0x07) {
        case 0: /* ld */
          a = code === 0x20 ? words[k / 4] : code === 0x60 ? m[k] : code === 0x80 ? 64 : k;
          break;
        case 1: /* ldx */
          x = code === 0x61 ? m[k] : code === 0x81 ? 64 : k;
          break;
        case 2: m[k] = a; break;
        case 3: m[k] = x; break;
        case 4:
          /* Division by an X of 0 ends the program with value 0. */
          if (code === 0x3c && x === 0) return {value: 0, path};
          a = calculate(code & 0xf0, a, other, (code & 0x08) !== 0, rule);
          break;
        case 5:
          if ((code & 0xf0) === 0) pc += k;
          else pc += holds(code & 0xf0, a, other) ? jt : jf;
          break;
        case 6: return {value: code === 0x16 ? a : k, path};
        default: /* tax, txa */
          if (code === 0x07) x = a;
          else a = x;
      }
    }
  }

  /* The sixteen words of seccomp_data, in the byte order of the record's arch. */
  function wordsOf(record, big) {
    const words = [record.nr >>> 0, record.arch >>> 0];
    for (const field of [record.ip, ...record.args]) {
      const bits = BigInt.asUintN(64, field);
      const low = Number(bits & 0xffffffffn);
      const high = Number(bits >> 32n);
      words.push(...(big ? [high, low] : [low, high]));
    }
    return words;
  }

  /* Rules of the kernel: {shift, signedActions, ...}. The action of a value, as it is ordered. */
  function rank(value, rules) {
    return rules.signedActions ? value & 0xffff0000 : value & 0x7fff0000;
  }

  /* All programs are asked, newest first; the strongest action wins, on a tie the newest. */
  function runStack(programs, words, rules) {
    const outcomes = programs.map((program) => run(program, words, rules.shift));
    let value = ALLOW;
    let decidedBy = null;
    for (let i = outcomes.length; i-- > 0; ) {
      if (rank(outcomes[i].value, rules) < rank(value, rules)) {
        value = outcomes[i].value;
        decidedBy = i;
      }
    }
    return {value, decidedBy, outcomes};
  }

  return {run, runStack, wordsOf};
})();
