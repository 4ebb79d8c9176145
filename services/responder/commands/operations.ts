/** The kill switch, and commands about sinks. */
import { counted } from '../../../schemas/counted.ts'
import type { CommandOf } from '../../../schemas/command.ts'
import type { Delivery } from '../../../schemas/delivery.ts'
import type { StopSwitch } from '../../../schemas/stop.ts'
import { applied, type CommandDeps, type Done, type Handlers, nothing, refused } from './handler.ts'

async function turn(
  { store, switches }: CommandDeps,
  { tenant, by, reason, time }: CommandOf<'stop' | 'resume'>,
  stopped: boolean,
): Promise<Done> {
  if ((switches.get(tenant)?.stopped ?? false) === stopped) {
    return nothing(stopped ? 'the global stop is set already' : 'the global stop is not set by a person')
  }
  const state: StopSwitch = { tenant, stopped, by, reason, time }
  const tx = store.begin(tenant)
  tx.put('switch', 'stop', state)
  switches.set(tenant, state)
  await tx.commit()
  return applied(1, stopped ? 'nothing is contained automatically until resume' : 'the policy acts again')
}

async function replay(deps: CommandDeps, command: CommandOf<'replay'>, nowMs: number): Promise<Done> {
  const { store, deliveries, dispatcher } = deps
  const { tenant, delivery_ids: ids, sink } = command
  const isMeant = (d: Delivery): boolean => ids?.includes(d.id) === true || d.sink === sink
  const replayOne = async (delivery: Delivery): Promise<void> => {
    const tx = store.begin(tenant)
    const again = deliveries.revive(tx, delivery, `replayed by ${command.by}`, nowMs)
    tx.after(() => dispatcher.enqueue(again))
    await tx.commit()
  }
  const dead = deliveries.dead(tenant).filter(isMeant)
  await Promise.all(dead.map(replayOne))
  const hurried = await dispatcher.hurry((d) => d.tenant === tenant && isMeant(d))
  if (dead.length + hurried === 0) return nothing('no dead or waiting delivery is meant')
  return applied(
    dead.length + hurried,
    `${counted(dead.length, 'dead one')} sent again, ${counted(hurried, 'waiting one')} sent at once`,
  )
}

async function enableSink(deps: CommandDeps, command: CommandOf<'enable-sink'>, nowMs: number): Promise<Done> {
  const { store, sinks, dispatcher } = deps
  const sink = sinks.get(command.sink)
  // A sink that serves every tenant is not one tenant's to open; its operator changes the file.
  if (sink?.tenant !== command.tenant) return refused('the tenant has no such sink of its own')
  if (sinks.status(sink.name) !== 'disabled') return nothing('the sink is not disabled')
  const tx = store.begin('')
  sinks.mark(tx, sink.name, 'ok', `enabled by ${command.by}: ${command.reason}`, nowMs)
  await tx.commit()
  const flushed = await dispatcher.reopen(sink.name, nowMs)
  return applied(
    1,
    `open again; ${counted(flushed, 'delivery that it missed is', 'deliveries that it missed are')} sent`,
  )
}

/** A delivery like any other, so that it takes the way that a finding takes; but it is tried once. */
async function testSink(deps: CommandDeps, { id, tenant, sink: name, by }: CommandOf<'test-sink'>, nowMs: number) {
  const { store, sinks, notices } = deps
  const sink = sinks.get(name)
  if (sink === undefined || (sink.tenant !== tenant && sink.tenant !== '*'))
    return refused('the tenant has no such sink')
  if (sinks.status(name) === 'disabled') return refused('the sink is disabled: enable it first')
  const tx = store.begin(tenant)
  const data = { tenant, sink: name, detail: `${by} tries whether this sink hears moltwatch.` }
  notices.tellOne(tx, { type: 'sink.test', subject: id, mark: 1, data: { id, ...data } }, sink, nowMs)
  await tx.commit()
  return applied(1, 'a test is on its way; its delivery says what comes of it')
}

type Operation = 'stop' | 'resume' | 'replay' | 'enable-sink' | 'test-sink'

export function operationHandlers(deps: CommandDeps): Pick<Handlers, Operation> {
  return {
    stop: (command) => turn(deps, command, true),
    resume: (command) => turn(deps, command, false),
    replay: (command, nowMs) => replay(deps, command, nowMs),
    'enable-sink': (command, nowMs) => enableSink(deps, command, nowMs),
    'test-sink': (command, nowMs) => testSink(deps, command, nowMs),
  }
}
