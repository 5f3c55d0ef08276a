"use strict";
/* What a person types, as numbers; and numbers as verdicts with their names. `facts` are those
   of the page: arches, calls, constants, actions. */
const Values = (() => {
  class NotUnderstood extends Error {}

  const number = /^[+-]?(0x[0-9a-f]+|0b[01]+|0o[0-7]+|[0-9]+)n?$/i;

  function parseNumber(text) {
    const digits = text.replace(/n$/i, "").replace(/^\+/, "");
    return digits.startsWith("-") ? -BigInt(digits.slice(1)) : BigInt(digits);
  }

  function checkRange(value, bits, text) {
    if (value >= 1n << BigInt(bits) || value < -(1n << BigInt(bits - 1)))
      throw new NotUnderstood(`${text} does not fit into ${bits} bits`);
    return BigInt.asUintN(bits, value);
  }

  /* Numbers and names of constants, joined by |: "O_RDWR|O_CREAT", "-100", "0xffff". */
  function parseValue(facts, text, bits = 64) {
    const parts = text.split("|").map((part) => part.trim());
    if (parts.every((part) => part === "")) return 0n;
    let value = 0n;
    for (const part of parts) {
      if (number.test(part)) value |= parseNumber(part);
      else if (Object.hasOwn(facts.constants, part)) value |= BigInt(facts.constants[part]);
      else throw new NotUnderstood(`“${part}” is neither a number nor a known constant`);
    }
    return checkRange(value, bits, text);
  }

  function parseArch(facts, text) {
    const word = text.trim();
    const known = facts.arches.find((arch) => arch.token === word || arch.macro === word);
    if (known) return known;
    if (!number.test(word)) throw new NotUnderstood(`“${word}” is no architecture`);
    const audit = Number(checkRange(parseNumber(word), 32, word));
    return facts.arches.find((arch) => arch.audit === audit) ??
      {token: word, audit, big: false, calls: {}, errnos: 0};
  }

  function parseCall(arch, text) {
    const word = text.trim();
    if (Object.hasOwn(arch.calls, word)) return arch.calls[word];
    if (word === "") return 0;
    if (number.test(word)) return Number(checkRange(parseNumber(word), 32, word));
    if (Object.keys(arch.calls).length === 0)
      throw new NotUnderstood(`This page has no names of calls of ${arch.token}: “${word}” has to be a number`);
    throw new NotUnderstood(`“${word}” is no system call of ${arch.token}`);
  }

  /* Fields as text to the record that the evaluator takes, with the arch that it is of. */
  function parseRecord(facts, fields) {
    const arch = parseArch(facts, fields.arch);
    const record = {
      nr: parseCall(arch, fields.call),
      arch: arch.audit,
      ip: parseValue(facts, fields.ip),
      args: fields.args.map((text) => parseValue(facts, text)),
    };
    return {arch, record};
  }

  function callName(arch, nr) {
    return Object.keys(arch.calls).find((name) => arch.calls[name] === nr) ?? null;
  }

  function actionOf(facts, value) {
    const mask = facts.rules.signedActions ? 0xffff0000 : 0x7fff0000;
    return facts.actions.find((action) => action.value === (value & mask) >>> 0) ?? null;
  }

  function dataOf(facts, value) {
    const action = actionOf(facts, value);
    if (!action || !action.data) return 0;
    const data = value & 0xffff;
    return action.name === "ERRNO" && facts.rules.errnoCapped ? Math.min(data, 4095) : data;
  }

  /* "ERRNO(1)" */
  function verdictText(facts, value) {
    const action = actionOf(facts, value);
    if (!action) return `UNKNOWN(0x${value.toString(16).padStart(8, "0")})`;
    return action.data ? `${action.name}(${dataOf(facts, value)})` : action.name;
  }

  const look = (facts, value) => actionOf(facts, value)?.look ?? "kill";

  function errnoName(facts, arch, number) {
    return facts.errnos[arch.errnos][number] ?? null;
  }

  /* What the thread that makes the call will see. */
  function effectText(facts, arch, value) {
    const data = dataOf(facts, value);
    const action = actionOf(facts, value)?.name;
    switch (action) {
      case "ALLOW": return "The call is carried out.";
      case "LOG": return "The call is carried out and recorded in the audit log.";
      case "ERRNO": {
        const name = errnoName(facts, arch, data);
        return data === 0 ? "The call is skipped and reports success, returning 0."
          : `The call is skipped and fails with ${name ?? `error ${data}`}.`;
      }
      case "TRAP": return "The call is skipped and the thread gets SIGSYS; without a handler it dies.";
      case "TRACE": return "A tracer decides; without one the call fails with ENOSYS.";
      case "USER_NOTIF":
        return "The process behind the listener decides; without one the call fails with ENOSYS.";
      case "KILL_THREAD": return "The thread is killed.";
      case "KILL_PROCESS": return "The process is killed.";
      default:
        return `The value names no action: the ${facts.rules.unknownKillsProcess ? "process" : "thread"} is killed.`;
    }
  }

  return {NotUnderstood, parseValue, parseArch, parseCall, parseRecord, callName, verdictText, look,
    errnoName, effectText};
})();
