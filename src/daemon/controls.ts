import type { Access } from '../access/access.js';
import type { DoorOrders } from '../access/door-orders.js';
import type { Door } from '../door/door.js';
import type { Gallery } from '../identity/gallery.js';
import type { People } from '../identity/people.js';
import type { Vision } from '../vision.js';
import type { Lookout } from './lookout.js';

/** What somebody who commands the door from elsewhere may reach: every unlock passes access/, as at the door itself. */
export interface Controls {
  readonly orders: Pick<DoorOrders, 'unlock' | 'lock' | 'lockdown' | 'resume'>;
  readonly access: Pick<Access, 'claim'>;
  readonly door: Pick<Door, 'state'>;
  readonly people: People;
  /** Always of everybody in `people`. */
  readonly gallery: Gallery;
  readonly vision: Vision;
  readonly lookout: Pick<Lookout, 'newest' | 'onSighting' | 'onDecision' | 'hold' | 'held'>;
}
