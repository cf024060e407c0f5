import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createGate } from '../src/gate.js'
import { BffError } from '../src/problem.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('lets requests pass while it is open', async () => {
  const gate = createGate()
  expect(gate.isOpen()).toBe(true)
  await expect(gate.pass()).resolves.toBeTypeOf('function')
})

it('keeps requests while it is paused, and lets them go in order', async () => {
  const gate = createGate()
  gate.pause(1000)
  const order: number[] = []
  const waiting = [1, 2].map((number) => gate.pass().then((leave) => (order.push(number), leave())))
  await vi.advanceTimersByTimeAsync(999)
  expect(order).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  await Promise.all(waiting)
  expect(order).toEqual([1, 2])
})

it('refuses more than it can keep', async () => {
  const gate = createGate(1)
  gate.pause(1000)
  const first = gate.pass()
  await expect(gate.pass()).rejects.toMatchObject({ code: 'queue_full' })
  await vi.advanceTimersByTimeAsync(1000)
  await first
})

it('gives up on a request that waited too long', async () => {
  const gate = createGate(100, 500)
  gate.pause(5000)
  const refused = expect(gate.pass()).rejects.toMatchObject({ code: 'queue_timeout' })
  await vi.advanceTimersByTimeAsync(500)
  await refused
})

it('turns everybody away when shut, also those who wait', async () => {
  const gate = createGate()
  gate.pause(5000)
  const refused = expect(gate.pass()).rejects.toMatchObject({ code: 'session_changed' })
  gate.shut(new BffError('session_changed'))
  await refused
  await expect(gate.pass()).rejects.toMatchObject({ code: 'session_changed' })
})

it('forgets a request whose caller gave up', async () => {
  const gate = createGate()
  gate.pause(5000)
  const leave = new AbortController()
  const refused = expect(gate.pass(leave.signal)).rejects.toMatchObject({ name: 'AbortError' })
  leave.abort()
  await refused
})

it('lets four go at a time, the next when one is done', async () => {
  const gate = createGate()
  gate.pause(1000)
  const leaving: (() => void)[] = []
  for (let number = 0; number < 6; number++) void gate.pass().then((leave) => leaving.push(leave))
  await vi.advanceTimersByTimeAsync(1000)
  expect(leaving).toHaveLength(4)
  leaving[0]!()
  await vi.advanceTimersByTimeAsync(0)
  expect(leaving).toHaveLength(5)
})

it('keeps a request longer when its pause turns into a sign-in', async () => {
  const gate = createGate(100, 500)
  gate.pause(400)
  const waiting = gate.pass()
  gate.hold()
  await vi.advanceTimersByTimeAsync(100_000)
  gate.releaseAll()
  await waiting
})
