/** Whether Kafka takes a name for a topic: 1 to 249 letters, digits, dots, `-` and `_`. */
export const isTopic = (name: unknown): name is string =>
  typeof name === 'string' && /^[\w.-]{1,249}$/.test(name);
