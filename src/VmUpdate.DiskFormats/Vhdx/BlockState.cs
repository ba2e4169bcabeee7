namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>[MS-VHDX] 2.5.1.1: what a block allocation table's entry says of its block. A sector bitmap block knows the first and 6 only.</summary>
internal enum BlockState
{
    /// <summary>Not in this file: the parent's, or zeros where there is no parent.</summary>
    NotPresent = 0,

    /// <summary>Anything; the parent is not to be asked. We read zeros.</summary>
    Undefined = 1,

    /// <summary>Zeros; the parent is not to be asked.</summary>
    Zero = 2,

    /// <summary>Given back by the guest; the parent is not to be asked. We read zeros.</summary>
    Unmapped = 3,

    /// <summary>The whole block is in this file.</summary>
    FullyPresent = 6,

    /// <summary>The sector bitmap says which sectors are in this file; the others are the parent's.</summary>
    PartiallyPresent = 7,
}
