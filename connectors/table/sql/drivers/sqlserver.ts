import type { Driver } from '../driver.ts';
export const driver = null as unknown as Driver;
