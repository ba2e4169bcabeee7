namespace VmUpdate.Core.Machines;

/// <summary>Which virtual machines of a host are meant: by name, by id, all of a pool, or all there are.</summary>
public sealed class VmSelection
{
    private VmSelection(IReadOnlyList<string> names, IReadOnlyList<Guid> ids, string? pool)
    {
        Names = names;
        Ids = ids;
        Pool = pool;
    }

    /// <summary>Names: each must be that of exactly one machine of the host.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Ids of machines.</summary>
    public IReadOnlyList<Guid> Ids { get; }

    /// <summary>The pool whose machines are meant; <see langword="null"/> when names or ids are given.</summary>
    public string? Pool { get; }

    /// <summary>All machines of the host: for looking, where the code that acts goes by what was declared anyway.</summary>
    public static VmSelection All { get; } = new([], [], null);

    /// <summary>Whether all machines of the host are meant.</summary>
    public bool IsAll => Pool is null && Names.Count == 0 && Ids.Count == 0;

    /// <summary>Machines by name.</summary>
    /// <param name="names">The names, compared without case.</param>
    /// <returns>The selection.</returns>
    public static VmSelection ByName(params IReadOnlyList<string> names) => new(names, [], null);

    /// <summary>Machines by id.</summary>
    /// <param name="ids">The ids.</param>
    /// <returns>The selection.</returns>
    public static VmSelection ById(params IReadOnlyList<Guid> ids) => new([], ids, null);

    /// <summary>All machines of a pool.</summary>
    /// <param name="pool">The pool's name.</param>
    /// <returns>The selection.</returns>
    public static VmSelection ByPool(string pool) => new([], [], pool);
}
