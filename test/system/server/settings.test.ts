import { describe, expect, it } from 'vitest';
import { parseServerSettings, serverDefaults, serverSettingTable } from '../../../src/system/server/settings.ts';

describe('server settings', () => {
  it('are the defaults where nothing is said', () => {
    expect(parseServerSettings({})).toEqual(serverDefaults);
    expect(serverDefaults.heartbeatMs).toBe(serverSettingTable.heartbeatMs.value);
  });

  it('are replaced by overrides, also by numbers as text', () => {
    const settings = parseServerSettings({ server: 'east', batchWaitMs: '2.5', batchSizeMax: 9 });
    expect(settings).toEqual({ ...serverDefaults, server: 'east', batchWaitMs: 2.5, batchSizeMax: 9 });
  });

  it('an unknown name is refused with the right ones', () => {
    expect(() => parseServerSettings({ heartbeat: 1 })).toThrow(/no server setting "heartbeat".*heartbeatMs/);
    expect(() => parseServerSettings({ toString: 1 })).toThrow(/no server setting "toString"/);
  });

  it.each([
    ['helloMs', -1],
    ['helloMs', 'soon'],
    ['helloMs', ''],
    ['helloMs', null],
    ['batchSizeMax', 1.5],
    ['batchSizeMax', 0],
    ['sessionBufferBytesMax', 2 ** 30],
    ['drainMs', Number.POSITIVE_INFINITY],
    ['server', ''],
    ['server', 7],
  ])('%s cannot be %j', (name, value) => {
    expect(() => parseServerSettings({ [name]: value })).toThrow(
      `The server setting "${name}" is ${JSON.stringify(value)};`,
    );
  });
});
