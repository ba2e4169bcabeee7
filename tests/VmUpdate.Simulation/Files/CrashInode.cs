namespace VmUpdate.Simulation.Files;

/// <summary>A file apart from its name: what it holds now, and what of it would survive.</summary>
internal sealed class CrashInode(SparseBytes durable, int number)
{
    internal int Number { get; } = number;

    internal SparseBytes Durable { get; private set; } = durable;

    internal SparseBytes Current { get; } = durable.Copy();

    internal List<PendingChange> Pending { get; } = [];

    internal int Readers { get; set; }

    internal bool HasWriter { get; set; }

    internal void Change(PendingChange change)
    {
        change.Apply(Current);
        Pending.Add(change);
    }

    internal void Flush()
    {
        Durable = Current.Copy();
        Pending.Clear();
    }
}
