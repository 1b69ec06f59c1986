import MeshModel
import MeshTransport

/// The groups that backend services send to, with their instances: from health checks, or where there is none from the
/// group itself.
///
/// Source: google-cloud-compute 1.57, `backendServices.getHealth`, `networkEndpointGroups.aggregatedList` and
/// `listNetworkEndpoints`.
struct TrafficDirectorGroups: Sendable {
  let client: TrafficDirectorClient

  /// What one group of one backend service is asked.
  private struct Question: Sendable {
    var service: String
    var path: String
    var link: String
    var description: JSONValue?
    var isChecked: Bool
  }

  private struct Answer: Sendable {
    var service: String
    var group: TrafficDirectorGroup
  }

  /// The groups of each backend service by its name.
  func read(_ services: [NativeObject]) async throws(MeshError) -> [String: [TrafficDirectorGroup]] {
    let descriptions = await descriptions()
    var questions: [Question] = []
    for service in services {
      let name = service.json["name"]?.string ?? ""
      for backend in service.json["backends"]?.array ?? [] {
        guard let link = backend["group"]?.string else { continue }
        questions.append(
          Question(
            service: name, path: service.path, link: link, description: descriptions[Self.path(link)],
            isChecked: service.json["healthChecks"]?.array?.isEmpty == false))
      }
    }
    var found: [String: [TrafficDirectorGroup]] = [:]
    for service in services { found[service.json["name"]?.string ?? ""] = [] }
    let width = 4
    for start in stride(from: 0, to: questions.count, by: width) {
      for answer in await answers(Array(questions[start..<min(start + width, questions.count)])) {
        found[answer.service, default: []].append(answer.group)
      }
    }
    return found.mapValues { $0.sorted { $0.link < $1.link } }
  }

  private func answers(_ questions: [Question]) async -> [Answer] {
    await withTaskGroup(of: Answer.self) { group in
      for question in questions { group.addTask { await answer(question) } }
      var answers: [Answer] = []
      for await answer in group { answers.append(answer) }
      return answers
    }
  }

  private func answer(_ question: Question) async -> Answer {
    var group = TrafficDirectorGroup(
      link: question.link, description: question.description, instances: [], gap: nil)
    do throws(MeshError) {
      group.instances = question.isChecked ? try await health(question) : []
      if group.instances.isEmpty, TrafficDirectorReference(question.link)?.collection == "networkEndpointGroups",
        group.runtime != .serverless
      {
        group.instances = try await members(question)
      }
    } catch {
      group.gap = error.message
    }
    return Answer(service: question.service, group: group)
  }

  private func health(_ question: Question) async throws(MeshError) -> [TrafficDirectorGroup.Instance] {
    let answer = try await client.ask(
      client.session(.compute), question.path + "/getHealth", ["group": .string(question.link)],
      what: "ask the health of \(question.service)")
    return (answer["healthStatus"]?.array ?? []).map { status in
      TrafficDirectorGroup.Instance(
        machine: status["instance"]?.string.flatMap(TrafficDirectorReference.init)?.id ?? "",
        address: status["ipAddress"]?.string ?? status["ipv6Address"]?.string ?? "", port: status["port"]?.int,
        isReady: status["healthState"]?.string == "HEALTHY")
    }
  }

  /// The endpoints of a group as it lists them: without a health check all of them take traffic.
  private func members(_ question: Question) async throws(MeshError) -> [TrafficDirectorGroup.Instance] {
    var instances: [TrafficDirectorGroup.Instance] = []
    var token: String?
    var seen: Set<String> = []
    repeat {
      let query = token.map { "?pageToken=" + PercentCoding.encode($0) } ?? ""
      let page = try await client.ask(
        client.session(.compute), "/compute/v1/\(Self.path(question.link))/listNetworkEndpoints\(query)",
        ["healthStatus": "SKIP"], what: "list the endpoints of \(question.service)")
      for item in page["items"]?.array ?? [] {
        let endpoint = item["networkEndpoint"] ?? .null
        instances.append(
          TrafficDirectorGroup.Instance(
            machine: endpoint["instance"]?.string.map { TrafficDirectorReference($0)?.id ?? $0 } ?? "",
            address: endpoint["ipAddress"]?.string ?? endpoint["fqdn"]?.string ?? "", port: endpoint["port"]?.int,
            isReady: !question.isChecked))
      }
      token = page["nextPageToken"]?.string.flatMap { $0.isEmpty ? nil : $0 }
      if let token, !seen.insert(token).inserted {
        throw MeshError(.malformed, "list the endpoints of \(question.service): the pages go in a circle")
      }
    } while token != nil
    return instances
  }

  /// What network endpoint groups say of themselves, by path; nothing where they may not be listed.
  private func descriptions() async -> [String: JSONValue] {
    let path = "/compute/v1/projects/\(PercentCoding.encode(client.project))/aggregated/networkEndpointGroups"
    guard
      let (scopes, _) = try? await client.list(
        client.session(.compute), path, member: "items", sizeParameter: "maxResults",
        query: [("returnPartialSuccess", "true")], what: "list the network endpoint groups")
    else { return [:] }
    var found: [String: JSONValue] = [:]
    for group in scopes.flatMap({ $0["networkEndpointGroups"]?.array ?? [] }) {
      if let link = group["selfLink"]?.string { found[Self.path(link)] = group }
    }
    return found
  }

  /// The path of a group from `projects/` on.
  static func path(_ link: String) -> String {
    guard let range = link.firstRange(of: "projects/") else { return link }
    return String(link[range.lowerBound...])
  }
}
