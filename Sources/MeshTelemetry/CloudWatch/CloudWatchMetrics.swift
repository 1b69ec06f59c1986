import MeshModel
import MeshTransport

/// The metrics of App Mesh's proxies in CloudWatch, over its JSON protocol.
///
/// Sources: Amazon CloudWatch API reference (2010-08-01); App Mesh user guide, "Exporting metrics", metrics extension: what
/// a proxy counts for each target bears the dimensions Mesh, VirtualNode or VirtualGateway, TargetVirtualService and
/// TargetVirtualNode.
struct CloudWatchMetrics: Sendable {
  let session: Session
  let namespace: String

  /// One caller and target, as the dimensions of a metric name them.
  struct Flow: Sendable, Hashable {
    var mesh = ""
    var source = ""
    var isGateway = false
    var service = ""
    var target = ""
    var dimensions: [JSONValue] = []
  }

  /// One number asked for: a metric of a flow and what is made of its values.
  struct Question: Sendable, Hashable {
    var flow: Int
    var metric: String
    var statistic: String
  }

  /// The flows that were active in the last hours.
  func flows() async throws(MeshError) -> [Flow] {
    var flows: [Flow] = []
    var token: String?
    repeat {
      var body: JSONValue = [
        "Namespace": .string(namespace), "MetricName": "envoy.appmesh.RequestCountPerTarget",
        "RecentlyActive": "PT3H",
      ]
      if let token { body["NextToken"] = .string(token) }
      let answer = try await ask("ListMetrics", body)
      for metric in answer["Metrics"]?.array ?? [] {
        if let flow = Self.flow(metric["Dimensions"]?.array ?? []), !flows.contains(flow) { flows.append(flow) }
      }
      token = answer["NextToken"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    } while token != nil && flows.count < 10_000
    return flows
  }

  static func flow(_ dimensions: [JSONValue]) -> Flow? {
    var flow = Flow()
    for dimension in dimensions {
      let value = dimension["Value"]?.string ?? ""
      switch dimension["Name"]?.string {
      case "Mesh": flow.mesh = value
      case "VirtualNode": flow.source = value
      case "VirtualGateway": (flow.source, flow.isGateway) = (value, true)
      case "TargetVirtualService": flow.service = value
      case "TargetVirtualNode": flow.target = value
      default: break
      }
    }
    flow.dimensions = dimensions
    return flow.mesh.isEmpty || flow.source.isEmpty || flow.target.isEmpty ? nil : flow
  }

  /// The values of questions over a span in periods, each by time; 500 questions a request.
  func values(
    _ questions: [Question], of flows: [Flow], from start: Int, to end: Int, period: Int
  ) async throws(MeshError) -> [Int: [(at: Double, value: Double)]] {
    var values: [Int: [(at: Double, value: Double)]] = [:]
    for first in stride(from: 0, to: questions.count, by: 500) {
      let part = questions[first..<min(first + 500, questions.count)]
      let queries = part.enumerated().map { offset, question -> JSONValue in
        [
          "Id": .string("q\(first + offset)"),
          "MetricStat": [
            "Metric": [
              "Namespace": .string(namespace), "MetricName": .string("envoy.appmesh.\(question.metric)"),
              "Dimensions": .array(flows[question.flow].dimensions),
            ],
            "Period": .int(period), "Stat": .string(question.statistic),
          ],
        ]
      }
      var token: String?
      repeat {
        var body: JSONValue = [
          "StartTime": .int(start), "EndTime": .int(end), "MetricDataQueries": .array(queries),
        ]
        if let token { body["NextToken"] = .string(token) }
        let answer = try await ask("GetMetricData", body)
        for result in answer["MetricDataResults"]?.array ?? [] {
          guard let id = result["Id"]?.string, let number = Int(id.dropFirst()) else { continue }
          let times = (result["Timestamps"]?.array ?? []).map { $0.double ?? 0 }
          let numbers = (result["Values"]?.array ?? []).map { $0.double ?? 0 }
          values[number, default: []] += zip(times, numbers).map { (at: $0, value: $1) }
        }
        token = answer["NextToken"]?.string.flatMap { $0.isEmpty ? nil : $0 }
      } while token != nil
    }
    return values
  }

  private func ask(_ action: String, _ body: JSONValue) async throws(MeshError) -> JSONValue {
    let what = "ask CloudWatch (\(action))"
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await session.send(
        session.request(
          .post, "/",
          headers: [
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "GraniteServiceVersion20100801.\(action)",
          ], body: JSONWriter.bytes(body), deadlines: .read, limits: .page, idempotent: true))
    } catch {
      throw MeshError(.unreachable, "\(what): \(error.message)", remedy: error.remedy, underlying: error)
    }
    let answer = try? JSONValue(parsing: response.body)
    guard response.isSuccess, let answer else {
      let words = answer?["message"]?.string ?? answer?["Message"]?.string ?? "answers \(response.status)"
      let code: MeshError.Code = response.status == 403 || response.status == 401 ? .forbidden : .unreachable
      throw MeshError(code, "\(what): \(words)", remedy: "check the keys and cloudwatch:ListMetrics, GetMetricData")
    }
    return answer
  }
}
