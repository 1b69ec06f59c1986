import MeshModel

/// A reader of one HTTP, TLS or TCP rule of a VirtualService.
enum IstioRuleReader {
  /// Settings that many rules have in common.
  private static let repeatedTimeouts = RepeatedValues<Double?>(limit: 4)
  private static let repeatedRetries = RepeatedValues<Rare<RetrySetting>>(limit: 8)
  /// The rules of one object mostly lead to the same few places.
  private static let repeatedDestinations = RepeatedValues<Destination>(limit: 8)

  static func rule(
    _ reader: inout JSONReader, _ layer: Rule.Layer, at place: RulePlaces.Place
  ) throws(JSONError) -> Rule {
    var rule = Rule(layer: layer, pointer: place.rule)
    var mirror: MirrorSetting?
    var mirrorPercent: Double?
    var legacy = HeaderSetting()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": rule.name = try reader.string()
      case "match": rule.matches = try reader.list(IstioMatchReader.match)
      case "route": rule.backends = try backends(&reader, at: place)
      case "timeout":
        rule.timeout = try repeatedTimeouts.value(&reader) { reader throws(JSONError) in try reader.goDuration() }
      case "retries":
        if try !reader.readNull() { rule.$retries = try repeatedRetries.value(&reader, retries) }
      case "fault": rule.fault = try IstioFaultReader.fault(&reader)
      case "mirror": mirror = try destination(&reader).map { MirrorSetting($0) }
      case "mirrors":
        var place = 0
        try reader.array { reader throws(JSONError) in
          if let entry = try mirrorEntry(&reader, at: place) { rule.mirrors.append(entry) }
          place += 1
        }
      case "mirrorPercentage": mirrorPercent = try reader.percentValue()
      case "mirrorPercent", "mirror_percent": mirrorPercent = try reader.readNull() ? nil : reader.double()
      case "headers": rule.headers = try headers(&reader)
      case "appendHeaders", "appendRequestHeaders": legacy.request.added = try reader.stringMap()
      case "removeRequestHeaders": legacy.request.removed = try reader.texts()
      case "appendResponseHeaders": legacy.response.added = try reader.stringMap()
      case "removeResponseHeaders": legacy.response.removed = try reader.texts()
      case "redirect": rule.action = try IstioActionReader.redirect(&reader)
      case "rewrite":
        let words = try IstioActionReader.rewrite(&reader)
        rule.action = rule.action ?? words
      case "directResponse": rule.action = try IstioActionReader.directResponse(&reader)
      case "delegate":
        if let delegate = try IstioActionReader.delegate(&reader) {
          rule.delegate = delegate
          rule.action = "delegate to \(delegate.namespace.isEmpty ? "" : delegate.namespace + "/")\(delegate.name)"
        }
      default: try reader.skip()
      }
    }
    if var mirror {
      if let mirrorPercent { mirror.percent = mirrorPercent }
      rule.mirrors.insert(mirror, at: 0)
    }
    if rule.headers == nil, legacy != HeaderSetting() { rule.headers = legacy }
    return rule
  }

  /// A destination as written.
  struct Destination {
    var host = ""
    var subset: String?
    var port: Int?
  }

  static func destination(_ reader: inout JSONReader) throws(JSONError) -> Destination? {
    if try reader.readNull() { return nil }
    return try repeatedDestinations.value(&reader, writtenDestination)
  }

  private static func writtenDestination(_ reader: inout JSONReader) throws(JSONError) -> Destination {
    var result = Destination()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "host": result.host = try reader.string()
      case "subset":
        let subset = try reader.optionalString()
        result.subset = subset?.isEmpty == true ? nil : subset
      case "port":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "number": result.port = try reader.int()
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    return result
  }

  private static func backends(
    _ reader: inout JSONReader, at place: RulePlaces.Place
  ) throws(JSONError) -> [Backend] {
    var backends: [Backend] = []
    try reader.array { reader throws(JSONError) in
      var destination = Destination()
      var weight: Int?
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "destination": destination = try Self.destination(&reader) ?? destination
        case "weight": weight = try reader.readNull() ? nil : reader.int()
        default: try reader.skip()
        }
      }
      backends.append(
        Backend(
          name: destination.subset ?? destination.host, host: destination.host, subset: destination.subset,
          port: destination.port, weight: weight, pointer: place.backend(backends.count)))
    }
    return disambiguated(backends)
  }

  /// Gives backends that share a name one that tells them apart: the host, the subset and the port where needed.
  private static func disambiguated(_ backends: [Backend]) -> [Backend] {
    guard backends.count > 1, Set(backends.map(\.name)).count < backends.count else { return backends }
    return backends.map { backend in
      guard backends.count(where: { $0.name == backend.name }) > 1 else { return backend }
      var result = backend
      result.name = backend.host + (backend.subset.map { "/" + $0 } ?? "") + (backend.port.map { ":\($0)" } ?? "")
      return result
    }
  }

  private static func retries(_ reader: inout JSONReader) throws(JSONError) -> Rare<RetrySetting> {
    var result = RetrySetting(attempts: 0)
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "attempts": result.attempts = try reader.int()
      case "perTryTimeout": result.perTryTimeout = try reader.goDuration()
      case "retryOn": result.retryOn = try reader.string()
      default: try reader.skip()
      }
    }
    return Rare(wrappedValue: result)
  }

  private static func mirrorEntry(_ reader: inout JSONReader, at place: Int) throws(JSONError) -> MirrorSetting? {
    var mirror: MirrorSetting?
    var percent: Double?
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "destination": mirror = try destination(&reader).map { MirrorSetting($0) }
      case "percentage": percent = try reader.percentValue()
      default: try reader.skip()
      }
    }
    if let percent { mirror?.percent = percent }
    mirror?.place = place
    return mirror
  }

  private static func headers(_ reader: inout JSONReader) throws(JSONError) -> HeaderSetting? {
    if try reader.readNull() { return nil }
    var result = HeaderSetting()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "request": result.request = try changes(&reader)
      case "response": result.response = try changes(&reader)
      default: try reader.skip()
      }
    }
    return result
  }

  private static func changes(_ reader: inout JSONReader) throws(JSONError) -> HeaderSetting.Changes {
    var result = HeaderSetting.Changes()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "set": result.overwritten = try reader.stringMap()
      case "add": result.added = try reader.stringMap()
      case "remove": result.removed = try reader.texts()
      default: try reader.skip()
      }
    }
    return result
  }
}

extension MirrorSetting {
  fileprivate init(_ destination: IstioRuleReader.Destination) {
    self.init(host: destination.host, subset: destination.subset, port: destination.port)
  }
}
