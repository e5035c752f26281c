import { strategies } from '../../src/system/balancer/strategies/index.ts';
import { strategyContract } from './strategy.ts';

for (const [name, entry] of Object.entries(strategies)) strategyContract(name, entry);
