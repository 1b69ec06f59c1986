public import MeshModel
public import MeshTransport

/// Who asks Google: a token found in the order of application default credentials, kept until it ends.
///
/// The order (google-auth `_default.py`): the file that the plane or `GOOGLE_APPLICATION_CREDENTIALS` names, the file that
/// `gcloud auth application-default login` leaves, the metadata server of this machine; then, beyond Google's order, the
/// login of the gcloud command. What was tried stands in the error where nothing was found. Tokens are held in memory only
/// and stand in no error.
public actor GoogleIdentity {
  /// What the sources ask through; a test passes its own.
  public struct Means: Sendable {
    /// Sends requests to token endpoints and to the metadata server.
    public var transport: TransportMaker = { CurlTransport(settings: $0) }
    /// The time.
    public var clock: any TransportClock = SystemClock()

    /// The network and the clocks of this machine.
    public init() {}
  }

  /// The scope of every token.
  static let scope = "https://www.googleapis.com/auth/cloud-platform"

  let variables: [String: String]
  /// The file that the plane's setting names.
  let file: String?
  /// Whether nobody in particular asks: an emulator on this machine for which no credentials are named.
  let isAnonymous: Bool
  let means: Means
  private var current: GoogleToken?
  private let finding = SharedWork<Result<GoogleToken, MeshError>>()

  /// An identity; nothing is asked yet.
  ///
  /// - Parameters:
  ///   - file: The credentials file of the plane's setting.
  ///   - isLocal: Whether the API is on this machine; then credentials are used only where a file is named for it.
  public init(file: String?, environment: [String: String], isLocal: Bool = false, means: Means = Means()) {
    variables = environment
    self.file = file
    self.means = means
    let named = environment["GOOGLE_APPLICATION_CREDENTIALS"] ?? ""
    isAnonymous = isLocal && file == nil && named.isEmpty
  }

  /// The token that holds now; `refresh` says that the server refused the last one. `nil` where nobody in particular asks.
  public func token(refresh: Bool = false) async throws(MeshError) -> GoogleToken? {
    if isAnonymous { return nil }
    if !refresh, let current, isFresh(current) { return current }
    guard let result = await finding.value({ await self.find() }) else {
      throw MeshError(.cancelled, "look for credentials of Google")
    }
    let token = try result.get()
    current = token
    return token
  }

  /// The project charged for quota: the environment's, else the one in the credentials.
  nonisolated func quotaProject(of token: GoogleToken) -> String? {
    if let project = variables["GOOGLE_CLOUD_QUOTA_PROJECT"], !project.isEmpty { return project }
    return token.quotaProject
  }

  /// Whether a token still holds for a minute; one whose end nobody tells is believed for five minutes by its giver.
  private func isFresh(_ token: GoogleToken) -> Bool {
    guard let expires = token.expires else { return true }
    return expires - 60 > Double(means.clock.wallSeconds())
  }

  private func find() async -> Result<GoogleToken, MeshError> {
    do throws(MeshError) { return .success(try await search()) } catch { return .failure(error) }
  }

  private func search() async throws(MeshError) -> GoogleToken {
    guard means.transport(ConnectionSettings()).needsCredentials else {
      return GoogleToken(value: Secret("replay"), expires: nil, source: "replay")
    }
    if let file { return try await GoogleCredentialFile(path: file).token(self) }
    if let path = variables["GOOGLE_APPLICATION_CREDENTIALS"], !path.isEmpty {
      return try await GoogleCredentialFile(path: path).token(self)
    }
    if let path = wellKnownPath, LocalFile.facts(path) != nil {
      return try await GoogleCredentialFile(path: path).token(self)
    }
    if let token = try await GoogleMetadata(variables: variables, means: means).token() { return token }
    if let token = try await commandToken() { return token }
    throw MeshError(
      .unauthenticated,
      "no Google credentials were found: GOOGLE_APPLICATION_CREDENTIALS is not set, there is no "
        + "\(wellKnownPath ?? "home folder"), no metadata server answers, and there is no gcloud command",
      remedy: "run `gcloud auth application-default login`, or say credentialsFile in the plane's settings")
  }

  /// Where `gcloud auth application-default login` leaves its file. Source: google-auth `_cloud_sdk.py`.
  nonisolated var wellKnownPath: String? {
    if let folder = variables["CLOUDSDK_CONFIG"], !folder.isEmpty {
      return folder + "/application_default_credentials.json"
    }
    guard let home = variables["HOME"], !home.isEmpty else { return nil }
    return home + "/.config/gcloud/application_default_credentials.json"
  }

  /// The token of whoever is logged in with the gcloud command; `nil` where there is no such command.
  private func commandToken() async throws(MeshError) -> GoogleToken? {
    func program(_ words: [String]) -> CredentialProgram {
      CredentialProgram(words: ["gcloud"] + words, what: "the gcloud command", variables: variables)
    }
    let printing = program(["auth", "print-access-token"])
    guard (try? printing.located()) != nil else { return nil }
    let bytes = try await printing.output(remedy: "run `gcloud auth login`")
    let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    guard !text.isEmpty else {
      throw MeshError(.unauthenticated, "the gcloud command printed no token", remedy: "run `gcloud auth login`")
    }
    let account = try? await program(["config", "get-value", "account"]).output(remedy: "")
    return GoogleToken(
      value: Secret(text), expires: Double(means.clock.wallSeconds() + 300),
      source: "the gcloud command's own login, since there are no application default credentials",
      account: account.map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } })
  }
}
