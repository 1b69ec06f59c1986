public import MeshModel

/// An answer of Prometheus' query API.
public struct PrometheusAnswer: Sendable {
  /// The elements of an instant vector; a scalar is one without labels.
  public var vector: [LabelledSample] = []
  /// The series of a range vector.
  public var matrix: [SampleSeries] = []
  /// What the server warns of: parts that did not answer, among others.
  public var warnings: [String] = []
  /// What the server remarks on the query.
  public var infos: [String] = []
  /// Whether the server says that the answer is not whole.
  public var isPartial = false
  /// How many series are native histograms, which have no single value and are left out.
  public var nativeHistograms = 0
  /// The failure in the server's words.
  public var error: String?
  /// Whether the server reports success.
  public var isSuccess = false

  /// An answer from its JSON text.
  public init(parsing bytes: [UInt8]) throws(JSONError) {
    var answer = PrometheusAnswer()
    try JSONReader.read(bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "status": answer.isSuccess = try reader.string() == "success"
        case "error": answer.error = try reader.optionalString()
        case "warnings": answer.warnings = try reader.list { reader throws(JSONError) in try reader.string() }
        case "infos": answer.infos = try reader.list { reader throws(JSONError) in try reader.string() }
        case "isPartial": answer.isPartial = try reader.readNull() ? false : reader.bool()
        case "data": try answer.readData(&reader)
        default: try reader.skip()
        }
      }
    }
    self = answer
  }

  private init() {}

  /// Why the answer is not whole, in words; empty where it is.
  public var gaps: [String] {
    var gaps = warnings.map { "warning of the server: \($0)" } + infos.map { "remark of the server: \($0)" }
    if isPartial { gaps.append("the answer is partial: not every part of the store answered") }
    if nativeHistograms > 0 { gaps.append("\(nativeHistograms) native histograms have no single value") }
    return gaps
  }

  private mutating func readData(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.peek() == .object else { return try reader.skip() }
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "result": try readResult(&reader)
      default: try reader.skip()
      }
    }
  }

  /// Reads a list of series, or the pair of a scalar: told apart by the shape of the first element.
  private mutating func readResult(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.peek() == .array else { return try reader.skip() }
    var scalarTime: Double?
    try reader.array { reader throws(JSONError) in
      switch try reader.peek() {
      case .object: try readSeries(&reader)
      case .number: scalarTime = try reader.double()
      case .string:
        vector.append(
          LabelledSample(labels: [:], sample: Sample(parsing: try reader.string()), at: Self.instant(scalarTime)))
      default: try reader.skip()
      }
    }
  }

  private mutating func readSeries(_ reader: inout JSONReader) throws(JSONError) {
    var labels: [String: String] = [:]
    var single: SampleSeries.Point?
    var points: [SampleSeries.Point]?
    var isHistogram = false
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "metric": labels = try reader.stringMap()
      case "value": single = try Self.readPoint(&reader)
      case "values": points = try reader.list { reader throws(JSONError) in try Self.readPoint(&reader) }
      case "histogram", "histograms":
        isHistogram = true
        try reader.skip()
      default: try reader.skip()
      }
    }
    if let single {
      vector.append(LabelledSample(labels: labels, sample: single.sample, at: single.at))
    } else if let points {
      matrix.append(SampleSeries(labels: labels, points: points))
    } else if isHistogram {
      nativeHistograms += 1
    }
  }

  /// Reads `[time, "value"]`; a value of another type than a string is unreadable, not a failure of the whole answer.
  private static func readPoint(_ reader: inout JSONReader) throws(JSONError) -> SampleSeries.Point {
    var time: Double?
    var sample = Sample.absent
    var index = 0
    try reader.array { reader throws(JSONError) in
      defer { index += 1 }
      switch (index, try reader.peek()) {
      case (0, .number): time = try reader.double()
      case (1, .string): sample = Sample(parsing: try reader.string())
      case (1, _):
        let range = try reader.rawRange()
        sample = .unreadable(String(String(decoding: reader.copy(range), as: UTF8.self).prefix(40)))
      default: try reader.skip()
      }
    }
    return SampleSeries.Point(at: instant(time) ?? Instant(seconds: 0), sample: sample)
  }

  private static func instant(_ seconds: Double?) -> Instant? { seconds.map { Instant(seconds: $0) } }
}
