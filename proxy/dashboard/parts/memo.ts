import { Component, h, type ComponentType, type VNode } from 'preact';

/** A component that is drawn anew only when one of its properties is another. */
export function memo<Props extends object>(Inner: ComponentType<Props> | ((props: Props) => VNode)) {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const before = this.props as Record<string, unknown>;
      return Object.entries(next).some(([name, value]) => before[name] !== value);
    }
    override render() {
      return h(Inner as ComponentType<Props>, this.props);
    }
  };
}
