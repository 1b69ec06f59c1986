import MeshModel

/// The query API of a Prometheus over what is kept of some counters.
///
/// Source: Prometheus, "HTTP API": `query` and `query_range`, results as vectors, scalars and matrices, failures with
/// `errorType`.
struct PromQLService {
  let history: SeriesHistory
  /// The time in seconds since 1970.
  let now: Double

  /// The most points of a series.
  private static let most = 11_000.0

  /// The answer to `query` or `query_range`.
  func answer(_ verb: String, _ request: PlainRequest) -> PlainAnswer {
    do throws(PromQLFailure) {
      let expression = try PromQLParser.parse(request["query"] ?? "")
      let data = verb == "query" ? try instant(expression, request) : try range(expression, request)
      return .json(["status": "success", "data": data])
    } catch {
      return .json(
        ["status": "error", "errorType": .string(error.type), "error": .string(error.message)],
        status: error.type == "bad_data" ? 400 : 422)
    }
  }

  private func instant(_ expression: PromQLExpression, _ request: PlainRequest) throws(PromQLFailure) -> JSONValue {
    let seconds = try Self.number("time", request, else: now)
    switch try PromQLEvaluation(series: history.all, seconds: seconds).value(expression) {
    case .scalar(let value): return ["resultType": "scalar", "result": Self.point(seconds, value)]
    case .text(let text):
      return ["resultType": "string", "result": [.double(seconds), .string(text)]]
    case .vector(let elements):
      return [
        "resultType": "vector",
        "result": .array(
          elements.map { ["metric": Self.labels($0.labels), "value": Self.point(seconds, $0.value)] }),
      ]
    }
  }

  private func range(_ expression: PromQLExpression, _ request: PlainRequest) throws(PromQLFailure) -> JSONValue {
    let start = try Self.number("start", request, else: nil)
    let end = try Self.number("end", request, else: nil)
    let step = try Self.number("step", request, else: nil)
    guard step > 0, end >= start else {
      throw PromQLFailure(type: "bad_data", message: "invalid parameter \"step\": zero or negative query resolution")
    }
    guard (end - start) / step <= Self.most else {
      throw PromQLFailure(
        type: "bad_data",
        message: "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query"
          + " resolution (?step=XX)")
    }
    let series = history.all
    var points: [[String: String]: [JSONValue]] = [:]
    var seconds = start
    while seconds <= end {
      for element in try PromQLEvaluation(series: series, seconds: seconds).vector(expression) {
        points[element.labels, default: []].append(Self.point(seconds, element.value))
      }
      seconds += step
    }
    return [
      "resultType": "matrix",
      "result": .array(points.map { ["metric": Self.labels($0.key), "values": .array($0.value)] }),
    ]
  }

  private static func number(
    _ name: String, _ request: PlainRequest, else fallback: Double?
  ) throws(PromQLFailure) -> Double {
    guard let text = request[name] else {
      if let fallback { return fallback }
      throw PromQLFailure(
        type: "bad_data", message: "invalid parameter \"\(name)\": cannot parse \"\" to a valid number")
    }
    if let number = Double(text), number.isFinite { return number }
    if let milliseconds = Duration.milliseconds(text) { return milliseconds / 1_000 }
    throw PromQLFailure(
      type: "bad_data", message: "invalid parameter \"\(name)\": cannot parse \"\(text)\" to a valid number")
  }

  private static func point(_ seconds: Double, _ value: Double) -> JSONValue {
    let text = value.isNaN ? "NaN" : value == .infinity ? "+Inf" : value == -.infinity ? "-Inf" : "\(value)"
    return [.double(seconds), .string(text)]
  }

  private static func labels(_ labels: [String: String]) -> JSONValue {
    .object(JSONObject(labels.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }))
  }
}
