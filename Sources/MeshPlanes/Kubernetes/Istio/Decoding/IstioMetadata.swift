import MeshModel

/// What is kept of an object's `metadata`.
struct IstioMetadata {
  var name = ""
  var namespace = ""
  var version = ""
  var createdAt = Instant(seconds: 0)
  var labels: [String: String] = [:]
  var annotations: [String: String] = [:]
  var owners: [OwnerReference] = []
  var managers: [FieldManager] = []

  /// An entry of `ownerReferences`.
  struct OwnerReference {
    var apiVersion = ""
    var kind = ""
    var name = ""
  }

  /// An entry of `managedFields`, without the fields.
  struct FieldManager {
    var manager = ""
    var operation = ""
  }

  /// Reads a `metadata` object.
  init(_ reader: inout JSONReader) throws(JSONError) {
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": name = try reader.string()
      case "namespace": namespace = try reader.string()
      case "resourceVersion": version = try reader.string()
      case "creationTimestamp":
        if let text = try reader.optionalString() { createdAt = Instant(timestamp: text) ?? createdAt }
      case "labels": labels = try reader.stringMap()
      case "annotations": try readAnnotations(&reader)
      case "ownerReferences":
        owners = try reader.list { reader throws(JSONError) in
          var owner = OwnerReference()
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "apiVersion": owner.apiVersion = try reader.string()
            case "kind": owner.kind = try reader.string()
            case "name": owner.name = try reader.string()
            default: try reader.skip()
            }
          }
          return owner
        }
      case "managedFields":
        managers = try reader.list { reader throws(JSONError) in
          var manager = FieldManager()
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "manager": manager.manager = try reader.string()
            case "operation": manager.operation = try reader.string()
            default: try reader.skip()
            }
          }
          return manager
        }
      default: try reader.skip()
      }
    }
  }

  init() {}

  /// Keeps the annotations that rules ask for; `last-applied-configuration` alone can be as large as the object.
  private mutating func readAnnotations(_ reader: inout JSONReader) throws(JSONError) {
    var kept: [String: String] = [:]
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "kubectl.kubernetes.io/last-applied-configuration": try reader.skip()
      default: if try reader.peek() == .string { kept[key.string] = try reader.string() } else { try reader.skip() }
      }
    }
    annotations = kept
  }

  /// The identity of the object on a plane.
  func ref(_ kind: IstioKind, on plane: PlaneName) -> ObjectRef {
    ObjectRef(plane: plane, namespace: namespace, kind: kind.rawValue, name: name)
  }
}

extension Instant {
  /// A point in time from its RFC 3339 text in UTC or with an offset, or `nil` where it is not one.
  init?(timestamp text: String) {
    var digits = Array(text.utf8)[...]
    func number(_ count: Int) -> Int? {
      guard digits.count >= count else { return nil }
      var value = 0
      for byte in digits.prefix(count) {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 0x30)
      }
      digits = digits.dropFirst(count)
      return value
    }
    func skip(_ byte: UInt8) -> Bool {
      guard digits.first == byte else { return false }
      digits = digits.dropFirst()
      return true
    }
    guard let year = number(4), skip(UInt8(ascii: "-")), let month = number(2), skip(UInt8(ascii: "-")),
      let day = number(2), skip(UInt8(ascii: "T")) || skip(UInt8(ascii: "t")) || skip(0x20), let hour = number(2),
      skip(UInt8(ascii: ":")), let minute = number(2), skip(UInt8(ascii: ":")), let second = number(2),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    // Days since the epoch in the proleptic Gregorian calendar, years beginning in March so that leap days come last.
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    var fraction = 0.0
    if skip(UInt8(ascii: ".")) {
      var scale = 0.1
      while let byte = digits.first, (0x30...0x39).contains(byte) {
        fraction += Double(byte - 0x30) * scale
        scale /= 10
        digits = digits.dropFirst()
      }
    }
    var offset = 0
    if !(skip(UInt8(ascii: "Z")) || skip(UInt8(ascii: "z"))) {
      let sign = skip(UInt8(ascii: "-")) ? -1 : skip(UInt8(ascii: "+")) ? 1 : 0
      guard sign != 0, let hours = number(2), skip(UInt8(ascii: ":")), let minutes = number(2) else { return nil }
      offset = sign * (hours * 3600 + minutes * 60)
    }
    guard digits.isEmpty else { return nil }
    self.init(seconds: Double(days * 86_400 + hour * 3600 + minute * 60 + second - offset) + fraction)
  }
}
