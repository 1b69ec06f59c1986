import MeshModel
import MeshTransport

/// The proxies of a plane, read in parallel within bounds; what one told last stays when it stops answering.
actor EnvoyFleet {
  private let plane: PlaneName
  private let places: EnvoyPlaces
  private let options: Session.Options
  private let speech: FleetSpeech
  private let now: @Sendable () -> Instant
  private var admins: [String: EnvoyAdmin] = [:]
  private var members: [String: Member] = [:]
  private var state = State()
  private let reading = SharedWork<State>()

  /// The most proxies asked at one time.
  static let parallelism = 16

  /// What is kept of one proxy.
  private struct Member {
    var facts: EnvoyReader.Facts?
    var reading: EnvoyReading?
    var failure: String?
    var since: Instant?
  }

  /// All that is known of a fleet.
  struct State: Sendable {
    /// What the proxies told, by address in order; one that stopped answering is there with what it told last.
    var readings: [EnvoyReading] = []
    /// The proxies that do not answer, with the reason and since when.
    var failures: [String: (reason: String, since: Instant)] = [:]
    /// What could not be found out about the fleet itself.
    var gaps: [String] = []
    /// When it was read; `nil` before the first time.
    var at: Instant?
    /// How many proxies the places name.
    var size = 0
  }

  init(
    plane: PlaneName, places: [String], pods: EnvoyPods? = nil, speech: FleetSpeech, options: Session.Options,
    now: @escaping @Sendable () -> Instant
  ) {
    self.speech = speech
    self.plane = plane
    self.places = EnvoyPlaces(places: places, pods: pods)
    self.options = options
    self.now = now
  }

  /// What is known, read anew where it is older than `age` seconds; questions under way are shared.
  func current(within age: Double = 0) async -> State {
    if age > 0, let at = state.at, now().age(of: at) < age { return state }
    // Who no longer waits gets what is known.
    return await reading.value { await self.read() } ?? state
  }

  /// What is known, without a question.
  var known: State { state }

  /// Makes the next question read the proxies anew, because one of them was changed.
  func expire() { state.at = nil }

  /// The client of one proxy, by its address.
  func admin(_ address: String) throws(MeshError) -> EnvoyAdmin {
    if let known = admins[address] { return known }
    // A fleet is of pods or of other places: credentials for the one never go to the other.
    let made =
      if let pods = places.pods { try pods.admin(address) } else {
        try EnvoyAdmin(address, plane: plane, options: options)
      }
    admins[address] = made
    return made
  }

  /// The reading of a proxy by the name of its node.
  func reading(node: String, group: String) -> EnvoyReading? {
    state.readings.first { $0.node == node && $0.group == group }
  }

  private func read() async -> State {
    let (addresses, gaps) = await places.resolved()
    let wanted = Set(addresses)
    members = members.filter { wanted.contains($0.key) }
    let began = now()
    await withTaskGroup(of: (String, Result<EnvoyReader.Outcome, MeshError>).self) { group in
      for (order, address) in addresses.enumerated() {
        if order >= Self.parallelism, let (address, result) = await group.next() { take(address, result, began) }
        let facts = members[address]?.facts
        do throws(MeshError) {
          let (admin, speech) = (try admin(address), speech)
          group.addTask { (address, await speech.outcome(of: admin, at: began, known: facts)) }
        } catch {
          take(address, .failure(error), began)
        }
      }
      for await (address, result) in group { take(address, result, began) }
    }
    // What nobody waited for to its end tells nothing of the proxies.
    if Task.isCancelled { return self.state }
    var state = State(gaps: gaps, at: now(), size: addresses.count)
    for address in addresses {
      guard let member = members[address] else { continue }
      if let reading = member.reading { state.readings.append(reading) }
      if let failure = member.failure { state.failures[address] = (failure, member.since ?? began) }
    }
    state.readings = Self.distinct(state.readings)
    self.state = state
    return state
  }

  private func take(_ address: String, _ result: Result<EnvoyReader.Outcome, MeshError>, _ at: Instant) {
    var member = members[address] ?? Member()
    switch result {
    case .success(let outcome):
      var reading = outcome.reading
      reading.noteRefusals(after: member.reading)
      member = Member(facts: outcome.facts, reading: reading)
    case .failure(let error):
      member.failure = error.message
      member.since = member.since ?? at
      // It may come back as another process: its facts are asked for again.
      member.facts = nil
    }
    members[address] = member
  }

  /// Two proxies that give themselves one name are told apart by their addresses.
  private static func distinct(_ readings: [EnvoyReading]) -> [EnvoyReading] {
    var counts: [String: Int] = [:]
    for reading in readings { counts["\(reading.group)/\(reading.node)", default: 0] += 1 }
    return readings.map { reading in
      guard (counts["\(reading.group)/\(reading.node)"] ?? 0) > 1 else { return reading }
      var reading = reading
      reading.node += "@\(EnvoyReader.shortName(reading.address))"
      return reading
    }
  }
}
