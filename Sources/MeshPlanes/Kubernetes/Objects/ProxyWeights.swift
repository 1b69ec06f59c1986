import MeshModel

/// What asked proxies run of a route, whichever API it is written in.
enum ProxyWeights {
  /// The weights of each backend, told by hosts and destinations alone; `nil` where no proxy that was asked has the rule.
  static func found(
    _ rule: Rule, of route: Route, in report: ProgrammedReport, settings: MeshSettings
  ) -> [Known<ProgrammedWeight>]? {
    // A proxy names the object its control plane made of the route, not the route.
    guard
      case .known(let weights, let source, let at) = ProgrammedWeights.of(
        route, rule: rule, in: report, settings: settings, isNamed: false)
    else { return nil }
    return weights.backends.map { backend in
      .known(
        ProgrammedWeight(
          weight: backend.weight, share: backend.share, proxies: weights.agreeing.count + weights.disagreeing.count,
          acknowledged: weights.agreeing.count, since: weights.since), source: source, at: at)
    }
  }
}
