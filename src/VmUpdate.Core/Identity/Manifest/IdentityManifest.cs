namespace VmUpdate.Core.Identity;

/// <summary>What a bundle holds and what the new disk must hold when it was restored.</summary>
public sealed record IdentityManifest
{
    /// <summary>The version this library writes, and the greatest it reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The manifest's version.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The bundle's id.</summary>
    public Guid BundleId { get; init; }

    /// <summary>The machine it was taken from.</summary>
    public Guid VmId { get; init; }

    /// <summary>The machine's name then, for people.</summary>
    public string VmName { get; init; } = string.Empty;

    /// <summary>When it was taken, in UTC.</summary>
    public DateTime TakenUtc { get; init; }

    /// <summary>What messages called the old disk.</summary>
    public string OldDisk { get; init; } = string.Empty;

    /// <summary>What messages called the master or the new disk.</summary>
    public string MasterDisk { get; init; } = string.Empty;

    /// <summary>The old disk's Windows folder.</summary>
    public string WindowsFolder { get; init; } = string.Empty;

    /// <summary>When the machine's secret in its domain was set, in UTC; <see langword="null"/> when it is not carried, or nothing says.</summary>
    public DateTime? MachineSecretSetUtc { get; init; }

    /// <summary>What became of each set.</summary>
    public IReadOnlyList<SetDecision> Decisions { get; init; } = [];

    /// <summary>The steps, in the order in which they are carried out.</summary>
    public IReadOnlyList<ManifestItem> Items { get; init; } = [];

    /// <summary>
    /// What of the old disk another master would need that <see cref="Items"/> do not hold: secrets as they were sealed there, the keys they
    /// are under. An exported bundle holds nothing else.
    /// </summary>
    public IReadOnlyList<ManifestItem> Source { get; init; } = [];

    /// <summary>The key of the hashes of secrets: a plain hash of a short secret could be guessed from.</summary>
    internal byte[] HashKey { get; init; } = [];

    /// <summary>The manifest as JSON in UTF-8, for people and other programs.</summary>
    /// <returns>The text's bytes. No secret and no key is in it.</returns>
    public byte[] ToJson() => ManifestCodec.ToJson(this);

    internal IdentityManifest WithKey(byte[] hashKey) => this with { HashKey = hashKey };
}
