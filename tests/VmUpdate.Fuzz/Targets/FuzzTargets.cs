namespace VmUpdate.Fuzz.Targets;

/// <summary>All there is to fuzz. A target makes its seeds when it is made, so only the one asked for is.</summary>
public static class FuzzTargets
{
    private static readonly Dictionary<string, Func<FuzzTarget>> Makers = new()
    {
        ["hive"] = () => new HiveTarget(),
        ["hive-log"] = () => new HiveLogTarget(),
        ["partitions"] = () => new PartitionTarget(),
        ["ntfs"] = () => new NtfsTarget(),
        ["vhdx"] = () => new VhdxTarget(),
        ["protocol"] = () => new ProtocolTarget(),
        ["channel"] = () => new ChannelTarget(),
    };

    /// <summary>What the targets are called.</summary>
    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <summary>Makes a target.</summary>
    /// <param name="name">What it is called.</param>
    /// <returns>The target, or <see langword="null"/>.</returns>
    public static FuzzTarget? Create(string name) => Makers.TryGetValue(name, out Func<FuzzTarget>? make) ? make() : null;
}
